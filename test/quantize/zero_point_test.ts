/** Grids whose code of 0 is not 0: linear layers read them exactly, nothing else does. */
import assert from "node:assert/strict";
import { Graph } from "../../src/graph/graph.ts";
import type { Value } from "../../src/graph/graph.ts";
import * as ops from "../../src/graph/ops/mod.ts";
import { rewriteIntegers } from "../../src/quantize/rewriter.ts";
import type { Grid } from "../../src/quantize/sites.ts";
import { Random } from "../conformance/_random.ts";
import { codesOf, constant, integers, methodOf, runIntegers } from "./_method.ts";

const [R, C, N] = [4, 6, 3];
const random = new Random(71);
const STEP = 2 ** -4;
const x = Float32Array.from({ length: R * C }, () => random.integer(-150, 150) * STEP);
/** Rows with 127 steps of 2^-7 somewhere, so that this is the scale of each. */
const codes = Array.from({ length: N * C }, (_, i) => i % C ? random.integer(-127, 127) : 127);
const bias = Array.from({ length: N }, () => random.integer(-500, 500));

/** Σ w·(z − zero) + bias in integers. */
function sums(z: readonly number[], zero: number, added: readonly number[]): number[] {
  return Array.from({ length: R * N }, (_, i) => {
    const [r, n] = [Math.floor(i / N), i % N];
    return codes.slice(n * C, n * C + C)
      .reduce((sum, w, k) => sum + w * (z[r * C + k] - zero), added[n]);
  });
}

function layer(graph: Graph, value: Value, withBias: boolean): Value {
  return graph.apply(
    ops.linear,
    {
      x: value,
      weight: constant(graph, "w", [N, C], codes.map((w) => w * 2 ** -7)),
      bias: withBias ? constant(graph, "b", [N], bias.map((b) => b * STEP * 2 ** -7)) : undefined,
    },
    {},
    { name: "layer", output: "y" },
  );
}

for (const zeroPoint of [-128, -7, 0, 100]) {
  for (const withBias of [true, false]) {
    const title = `zero point ${zeroPoint}, ${withBias ? "with" : "without"} a bias`;
    const added = withBias ? bias : [0, 0, 0];

    Deno.test(`a linear layer of sums' codes: ${title}`, async () => {
      const graph = new Graph();
      const input = graph.input("x", "f32", [R, C]);
      const z = graph.apply(ops.identity, { x: input }, {}, { output: "z" });
      graph.output("y", layer(graph, z, withBias));
      const network = integers(graph, { x: { bits: 16 }, z: { bits: 8, zeroPoint } });
      const { y } = await runIntegers(network, { x: STEP, z: STEP }, { x });
      const z8 = codesOf(Array.from(x, (value) => value / STEP + zeroPoint), 1, 8);
      assert.deepEqual(y, sums(z8, zeroPoint, added));
    });

    Deno.test(`a linear layer of an input: ${title}`, async () => {
      const graph = new Graph();
      graph.output("y", layer(graph, graph.input("x", "f32", [R, C]), withBias));
      const network = integers(graph, { x: { bits: 8, zeroPoint } });
      const { y } = await runIntegers(network, { x: STEP }, { x });
      const x8 = codesOf(Array.from(x, (value) => value / STEP + zeroPoint), 1, 8);
      assert.deepEqual(y, sums(x8, zeroPoint, added));
    });
  }
}

Deno.test("results of a layer on a grid with a zero point, moved and read by a layer", async () => {
  const graph = new Graph();
  const z = layer(graph, graph.input("x", "f32", [R, C]), false);
  const moved = graph.apply(ops.reshape, { x: z }, { shape: [2, 2 * N] });
  const weight = constant(graph, "v", [1, 2 * N], [127, -5, 9, 3, 80, -100].map((w) => w / 128));
  graph.output("out", graph.apply(ops.linear, { x: moved, weight }, {}, { name: "second" }));
  graph.output("codes", moved);
  const network = integers(graph, { x: { bits: 8 }, y: { bits: 8, zeroPoint: 33 } });
  const { out, codes: shown } = await runIntegers(network, { x: STEP, y: 0.5 }, { x });
  const x8 = codesOf(x, STEP, 8);
  const y8 = codesOf(
    codesOf(sums(x8, 0, [0, 0, 0]).map((sum) => sum * STEP / 128), 0.5, 20).map((c) => c + 33),
    1,
    8,
  );
  assert.deepEqual(shown, y8);
  const w = [127, -5, 9, 3, 80, -100];
  assert.deepEqual(
    out,
    [0, 1].map((r) => w.reduce((sum, code, k) => sum + code * (y8[r * 2 * N + k] - 33), 0)),
  );
});

const X = { bits: 8 } as const;
const READERS: Readonly<Record<string, (graph: Graph, z: Value) => Value>> = {
  Add: (graph, z) => graph.apply(ops.add, { a: graph.inputs[0], b: z }, {}, { output: "y" }),
  Gelu: (graph, z) => graph.apply(ops.gelu, { x: z }, {}, { output: "y" }),
  Identity: (graph, z) => graph.apply(ops.identity, { x: z }, {}, { output: "y" }),
  MeanRows: (graph, z) => graph.apply(ops.meanRows, { x: z }, {}, { output: "y" }),
  LayerNormalization: (graph, z) =>
    graph.apply(ops.layerNormalization, {
      x: z,
      scale: constant(graph, "g", [C], Array(C).fill(1)),
    }, {
      epsilon: 0,
    }, { name: "norm", output: "y" }),
  AttentionScores: (graph, z) =>
    graph.apply(ops.attentionScores, { q: z, k: z }, { heads: 1, scale: 1 }, { output: "y" }),
};

for (const [op, read] of Object.entries(READERS)) {
  Deno.test(`codes with a zero point are refused by ${op}`, () => {
    const graph = new Graph();
    const x = graph.input("x", "f32", [1, R, C]);
    const z = graph.apply(ops.identity, { x }, {}, { output: "z" });
    graph.output("y", read(graph, z));
    const grids: Record<string, Grid> = { x: X, z: { bits: 8, zeroPoint: 1 }, y: X };
    assert.throws(
      () => rewriteIntegers(graph, methodOf(grids), [{ from: "main", to: "main" }]),
      {
        code: "unsupported",
        message: `Test has no integers for a ${op} of "z", whose codes have a zero point`,
      },
    );
  });
}

Deno.test("tables and constants have no zero point", () => {
  const graph = new Graph();
  const x = graph.input("x", "f32", [R, C]);
  const z = graph.apply(ops.gelu, { x }, {}, { output: "z" });
  graph.output("y", layer(graph, z, false));
  const method = methodOf({ x: X, z: { bits: 8, zeroPoint: 1 } });
  assert.throws(() => rewriteIntegers(graph, method, [{ from: "main", to: "main" }]), {
    code: "unsupported",
    message: 'Only sums and inputs have a zero point, not "z"',
  });
});

Deno.test("inputs: grids of 16 bits, scales of their own, and no divisors", async () => {
  const graph = new Graph();
  const [a, b] = [graph.input("a", "f32", [R, C]), graph.input("b", "f32", [R, C])];
  graph.output("first", a);
  graph.output("second", b);
  const grids: Record<string, Grid> = { a: { bits: 16 }, b: { bits: 8 } };
  const outputs = await runIntegers(integers(graph, grids), { a: 2 ** -9, b: STEP }, {
    a: x,
    b: x,
  });
  assert.deepEqual(outputs.first, codesOf(x, 2 ** -9, 16));
  assert.deepEqual(outputs.second, codesOf(x, STEP, 8));
  const divided = methodOf({ ...grids, a: { bits: 8, divisors: new Float32Array(C).fill(2) } });
  assert.throws(() => rewriteIntegers(graph, divided, [{ from: "main", to: "main" }]), {
    code: "unsupported",
    message: /the input "a"/,
  });
});
