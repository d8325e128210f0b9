/** A small method of quantisation for tests: a grid for each name, scales that are given. */
import assert from "node:assert/strict";
import { load } from "../../src/engines/load.ts";
import type { Graph, Value } from "../../src/graph/graph.ts";
import { reshape } from "../../src/graph/ops/mod.ts";
import { lower } from "../../src/lower/lower.ts";
import type { IntegerNetwork } from "../../src/quantize/integer_network.ts";
import { quantizeParameters } from "../../src/quantize/integer_parameters.ts";
import { rewriteIntegers } from "../../src/quantize/rewriter.ts";
import type { EntryRewrite, Method, TextSettings } from "../../src/quantize/rewriter.ts";
import type { Grid } from "../../src/quantize/sites.ts";
import type { TensorData } from "../../src/tensor.ts";
import { attempt, attemptAsync } from "../_attempt.ts";

/** Settings besides the grids. */
export interface Settings {
  readonly weightBits?: 7 | 8;
  readonly nonlinear?: "shift" | "table";
  readonly text?: TextSettings;
  readonly warn?: (message: string) => void;
}

/** A method whose values have the grids of their names; the others have none. */
export function methodOf(
  grids: Readonly<Record<string, Grid>>,
  { weightBits = 8, nonlinear = "table", text, warn }: Settings = {},
): Method {
  return {
    name: "Test",
    siteOf: ({ name }) => Object.hasOwn(grids, name) ? { name, ...grids[name] } : undefined,
    weightBits,
    parameters: quantizeParameters(warn),
    nonlinear,
    ...text && { text },
    output(graph, name, { value, scale }, builder, entry) {
      graph.output(name, value, entry);
      const x = builder.derivedScale(`scale ${name}`, scale);
      const row = graph.apply(reshape, { x }, { shape: [1, ...x.shape] });
      graph.output(`${name}.scale`, row, entry);
    },
  };
}

/** The integer network of a graph. */
export function integers(
  graph: Graph,
  grids: Readonly<Record<string, Grid>>,
  settings: Settings = {},
  entry: Partial<EntryRewrite> = {},
): IntegerNetwork {
  return attempt(() =>
    rewriteIntegers(graph, methodOf(grids, settings), [{ from: "main", to: "main", ...entry }])
  );
}

/** Outputs of an integer network with these scales, from the reference. */
export async function runIntegers(
  { graph }: IntegerNetwork,
  scales: Readonly<Record<string, number>>,
  inputs: Readonly<Record<string, TensorData>>,
  symbols: Readonly<Record<string, number>> = {},
): Promise<Record<string, number[]>> {
  const { program } = attempt(() => lower(graph, { scales: new Map(Object.entries(scales)) }));
  using instance = await attemptAsync(() => load(program, { engine: "reference" }));
  const outputs = attempt(() => instance.runSync(inputs, { symbols }));
  return Object.fromEntries(
    Object.entries(outputs).map(([name, { data }]) => [name, Array.from(data as Float32Array)]),
  );
}

/** A float32 constant. */
export function constant(
  graph: Graph,
  name: string,
  shape: number[],
  data: ArrayLike<number>,
): Value {
  return graph.constant(name, { dtype: "f32", shape, data: Float32Array.from(data) });
}

/** Each of some numbers divided by a scale and rounded half to even, clamped to bits. */
export function codesOf(values: ArrayLike<number>, scale: number, bits: number): number[] {
  const most = 2 ** (bits - 1) - 1;
  return Array.from(values, (value) => {
    const down = Math.floor(value / scale);
    const rest = value / scale - down;
    const code = rest < 0.5 || (rest === 0.5 && down % 2 === 0) ? down : down + 1;
    return Math.max(-most - 1, Math.min(most, code));
  });
}

/** Checks that numbers differ by no more. */
export function assertNear(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  within: number,
): void {
  assert.equal(actual.length, expected.length);
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(actual[i] - expected[i]);
    assert.ok(error <= within, `element ${i} is ${actual[i]}, expected ${expected[i]} ± ${within}`);
  }
}
