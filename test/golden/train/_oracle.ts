/** The oracles of training: cases with inputs, results and gradients, and a bound for each. */
import assert from "node:assert/strict";
import { ExactProgram } from "../../../src/engines/reference/exact.ts";
import { loadReference } from "../../../src/engines/reference/mod.ts";
import { readSafetensors } from "../../../src/formats/safetensors.ts";
import { gradients } from "../../../src/gradients/gradients.ts";
import { Graph } from "../../../src/graph/graph.ts";
import type { Value } from "../../../src/graph/graph.ts";
import { NodeBuilder } from "../../../src/graph/node_builder.ts";
import { compile } from "../../../src/lower/compile.ts";
import { encodeProgram } from "../../../src/program/encode.ts";
import { elementCount } from "../../../src/tensor.ts";
import type { Tensor } from "../../../src/tensor.ts";
import { readJson, SHARED } from "../_shared.ts";

const FOLDER = "golden/train";

/** A result, and how far another one may be from it. */
interface Bounded {
  readonly tensor: string;
  readonly k?: number;
  readonly sum?: string;
  readonly rel?: number;
  readonly abs?: number;
  readonly exact?: boolean;
}

/** A case of `ops_*.json`. */
export interface OracleCase {
  readonly name: string;
  readonly op: string;
  // deno-lint-ignore no-explicit-any
  readonly attributes: any;
  readonly inputs: Readonly<Record<string, { readonly tensor: string }>>;
  readonly cotangents?: Readonly<Record<string, { readonly tensor: string }>>;
  readonly outputs: Readonly<Record<string, Bounded>>;
  readonly gradients?: Readonly<Record<string, Bounded>>;
}

/** Cases and their tensors. */
export interface Oracle {
  // deno-lint-ignore no-explicit-any
  readonly cases: readonly any[];
  readonly tensors: ReadonlyMap<string, Tensor>;
}

/** Builds an op: results by name from inputs by name, in the oracle's layouts. */
export type Build = (
  build: NodeBuilder,
  inputs: Readonly<Record<string, Value>>,
  // deno-lint-ignore no-explicit-any
  attributes: any,
) => Readonly<Record<string, Value>>;

/** The oracle of a name. */
export function readOracle(name: string): Oracle {
  const bytes = Deno.readFileSync(`${SHARED}/${FOLDER}/${name}.safetensors`);
  return { cases: readJson(`${FOLDER}/${name}.json`).cases, tensors: readSafetensors(bytes) };
}

/** A tensor of an oracle as numbers. */
export function numbersOf({ tensors }: Oracle, name: string): number[] {
  const tensor = tensors.get(name);
  assert.ok(tensor !== undefined, name);
  return Array.from(tensor.data as ArrayLike<number | bigint>, Number);
}

/** Half a unit in the last place of float32, at 1. */
const UNIT = 2 ** -24;
/** How far float64 may be from float64, beside the largest result: constants of a program are float32. */
const EXACT = 4 * UNIT;

/** Checks results and gradients of a case in float32 and in float64. */
export async function checkCase(oracle: Oracle, c: OracleCase, make: Build): Promise<void> {
  const graph = new Graph();
  const feeds: Record<string, number[]> = {};
  const input = (name: string, tensor: string): Value => {
    const { dtype, shape } = oracle.tensors.get(tensor)!;
    feeds[name] = numbersOf(oracle, tensor);
    const isIndex = dtype === "i64" || dtype === "i32";
    const isId = name === "ids";
    const extents = shape.length === 0 ? [1] : isId ? [elementCount(shape)] : shape;
    const limit = isId ? oracle.tensors.get(c.inputs.table.tensor)!.shape[0] : 0;
    const check = isId ? { check: "below" as const, limit } : undefined;
    return graph.input(name, isIndex ? "i32" : "f32", extents, check);
  };
  const inputs = Object.fromEntries(
    Object.entries(c.inputs).map(([name, { tensor }]) => [name, input(name, tensor)]),
  );
  const build = new NodeBuilder(graph);
  const outputs = make(build, inputs, c.attributes);
  const wanted: [string, Bounded][] = [];
  for (const [name, bounded] of Object.entries(c.outputs)) {
    assert.ok(name in outputs, `${c.name} has no ${name}`);
    graph.output(`out.${name}`, outputs[name]);
    wanted.push([`out.${name}`, bounded]);
  }
  const differentiated = Object.keys(c.gradients ?? {});
  if (differentiated.length > 0) {
    const [[of, { tensor }], ...others] = Object.entries(c.cotangents!);
    assert.equal(others.length, 0);
    const cotangent = input("cotangent", tensor);
    const wrt = differentiated.map((name) => inputs[name]);
    const y = build.reshape(outputs[of], cotangent.shape);
    const made = gradients(graph, y, wrt, { cotangent });
    differentiated.forEach((name, i) => {
      graph.output(`gradient.${name}`, made[i]);
      wanted.push([`gradient.${name}`, c.gradients![name]]);
    });
  }
  const program = compile(graph, { training: true });
  const exact = new ExactProgram(program);
  for (const [name, data] of Object.entries(feeds)) exact.write(name, data);
  exact.run();
  using instance = await loadReference(await encodeProgram(program));
  const single = await instance.run(
    Object.fromEntries(
      Object.entries(feeds).map(([name, data]) => [
        name,
        inputs[name]?.dtype === "i32" ? Int32Array.from(data) : Float32Array.from(data),
      ]),
    ),
  );
  for (const [name, bounded] of wanted) {
    const want = numbersOf(oracle, bounded.tensor);
    const most = Math.max(...want.map(Math.abs));
    within(exact.read(name), want, () => EXACT * Math.max(most, 1e-3), `${c.name}, ${name}, f64`);
    const bound = boundOf(oracle, bounded, want);
    within(single[name].data as Float32Array, want, bound, `${c.name}, ${name}, f32`);
  }
}

/** The bound of each element. */
export function boundOf(oracle: Oracle, bounded: Bounded, want: readonly number[]) {
  if (bounded.exact === true) return () => 0;
  if (bounded.k !== undefined) {
    // The oracle's sum of absolute values has a difference in it where a rotation subtracts.
    const sums = numbersOf(oracle, bounded.sum!);
    const least = bounded.sum!.startsWith("rotary/") ? Math.max(...want.map(Math.abs)) : 0;
    return (i: number): number => (bounded.k! + 2) * UNIT * Math.max(sums[i], least);
  }
  return (i: number): number => (bounded.rel ?? 0) * Math.abs(want[i]) + (bounded.abs ?? 0);
}

/** Throws where an element is further from the wanted one than its bound, or NaN. */
export function within(
  got: ArrayLike<number>,
  want: readonly number[],
  bound: (i: number) => number,
  message: string,
): void {
  assert.equal(got.length, want.length, `${message}: length`);
  for (let i = 0; i < want.length; i++) {
    const [error, most] = [Math.abs(got[i] - want[i]), bound(i)];
    assert.ok(error <= most, `${message}: element ${i} is ${got[i]}, not ${want[i]} ± ${most}`);
  }
}
