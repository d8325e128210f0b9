/** Cases of rules: a graph of one op, and what it has to give by a formula that no engine shares. */
import type { Graph, Value } from "../../../src/graph/graph.ts";
import type { OpName } from "../../../src/graph/op_names.ts";
import type { DType, TensorData } from "../../../src/tensor.ts";
import { Random } from "../../conformance/_random.ts";
import { tensorOf } from "../../../src/tensor.ts";

/** A graph of one op. */
export interface RuleCase {
  readonly op: OpName;
  /** What is special. */
  readonly of: string;
  /** Builds the graph; its output is `y`. */
  make(graph: Graph): Value;
  readonly inputs: Readonly<Record<string, TensorData>>;
  /** Elements of the output. */
  readonly expected: readonly number[];
  /** Largest difference; 0 by default. */
  readonly within?: number;
  /** What states hold afterwards. */
  readonly states?: Readonly<Record<string, readonly number[]>>;
}

const random = new Random(29);

/** Random float32 numbers of −1 … 1. */
export function floats(count: number): Float32Array {
  return Float32Array.from({ length: count }, () => random.unit() * 2 - 1);
}

/** Random codes, both ends included. */
export function codes(count: number, least = -128, most = 127): number[] {
  return Array.from({ length: count }, () => random.integer(least, most));
}

/** A constant without a name. */
export function constant(
  graph: Graph,
  dtype: DType,
  shape: readonly number[],
  data: TensorData,
): Value {
  return graph.constant("", tensorOf(dtype, shape, data));
}

/** A float32 constant of one number. */
export function scalar(graph: Graph, value: number): Value {
  return constant(graph, "f32", [1], Float32Array.of(value));
}

/** Int32 constants. */
export function integers(graph: Graph, ...values: number[]): Value {
  return constant(graph, "i32", [values.length], Int32Array.from(values));
}

/** Elements of a matrix by a formula of row and column. */
export function matrix(
  rows: number,
  columns: number,
  f: (r: number, c: number) => number,
): number[] {
  return Array.from({ length: rows * columns }, (_, i) => f(Math.floor(i / columns), i % columns));
}

/** Σ f(i), i < count. */
export function sum(count: number, f: (i: number) => number): number {
  let total = 0;
  for (let i = 0; i < count; i++) total += f(i);
  return total;
}

/** The softmax of some numbers. */
export function softmaxOf(scores: readonly number[]): number[] {
  const powers = scores.map((score) => Math.exp(score - Math.max(...scores)));
  const all = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / all);
}

/** `x·σ(x)`. */
export function siluOf(x: number): number {
  return x / (1 + Math.exp(-x));
}

/** Rounds half to even; an independent definition. */
export function nearest(x: number): number {
  const down = Math.floor(x);
  if (x - down === 0.5) return down % 2 === 0 ? down : down + 1;
  return Math.round(x);
}

/** Clamps to a number of bits. */
export function clamped(x: number, bits: number): number {
  return Math.min(2 ** (bits - 1) - 1, Math.max(-(2 ** (bits - 1)), x));
}
