/** Products of matrices: MatMul, Gemm, MatMulInteger, QLinearMatMul. The second matrix is a weight. */
import type { Value } from "../../../src/graph/graph.ts";
import * as ops from "../../../src/graph/ops/mod.ts";
import { dyadic } from "../../../src/numeric/dyadic.ts";
import type { DType } from "../../../src/tensor.ts";
import { eightBits } from "../_eight_bits.ts";
import { numbersOf } from "./_numbers.ts";
import type { OneNode } from "./_one_node.ts";
import { broadcast, broadcastShape, range, transposition } from "./_shape.ts";

/** Rows `[M, K]` times weights `[N, K]`. */
export type Linear = (rows: Value, weight: readonly number[], n: number, k: number) => Value;

/** `a·b` of float32. */
export function matMul(node: OneNode): void {
  const a = node.input(0, [1, node.tensor(0).data.length]);
  multiply(node, a, numbersOf(node.tensor(1)), floatLinear(node));
}

/** `alpha·a·b + beta·c`. */
export function gemm(node: OneNode): void {
  const [aShape, bShape] = [node.tensor(0).shape, node.tensor(1).shape];
  const [transA, transB] = [node.number("transA", 0) !== 0, node.number("transB", 0) !== 0];
  const x = node.input(0, aShape);
  const [k, m] = transA ? aShape : aShape.toReversed();
  const a = transA ? node.pick(x, transposition(aShape, [1, 0]), [m, k]) : x;
  const n = bShape[transB ? 0 : 1];
  const b = numbersOf(node.tensor(1)).map((value) => value * node.number("alpha", 1));
  const weight = transB ? b : transposition(bShape, [1, 0]).map((i) => b[i]);
  const c = node.optional(2);
  const beta = node.number("beta", 1);
  const bias = c === undefined ? [] : numbersOf(c).map((value) => value * beta);
  const rows = c !== undefined && c.shape.length === 2 && c.shape[0] > 1;
  const across = c === undefined || rows
    ? undefined
    : broadcast(c.shape, [1, n]).map((i) => bias[i]);
  let y = floatLinear(node, across)(a, weight, n, k);
  if (rows) {
    y = node.apply(ops.add, {
      a: y,
      b: node.floats([m, n], broadcast(c.shape, [m, n]).map((i) => bias[i])),
    });
  }
  node.output(y, [m, n]);
}

/** `(a − a_zero_point)·(b − b_zero_point)` as accumulators. */
export function matMulInteger(node: OneNode): void {
  const a = node.codes(0, zeroPointOf(node, 2));
  multiply(node, a.value, centred(node, 1, 3), integerLinear(node, a.zeroPoint));
}

/** MatMulInteger, requantised. */
export function qLinearMatMul(node: OneNode): void {
  const a = node.codes(0, zeroPointOf(node, 2));
  const [aScale, bScale, yScale] = [1, 4, 6].map((i) => numbersOf(node.tensor(i))[0]);
  const zeroPoint = node.tensor(7);
  const linear = integerLinear(node, a.zeroPoint);
  multiply(node, a.value, centred(node, 3, 5), (rows, weight, n, k) => {
    const z = linear(rows, weight, n, k);
    return requantized(
      node,
      z,
      [aScale * bScale],
      yScale,
      numbersOf(zeroPoint)[0],
      zeroPoint.dtype,
    );
  }, zeroPoint.dtype);
}

/** Requantises accumulators with a scale for all columns or one for each. */
export function requantized(
  node: OneNode,
  z: Value,
  scales: readonly number[],
  yScale: number,
  zero: number,
  dtype: DType,
): Value {
  const ratios = scales.map((scale) => dyadic(scale, yScale));
  const multiplier = node.words(ratios.map((ratio) => ratio.multiplier));
  const shift = node.words(ratios.map((ratio) => ratio.shift));
  const zeroPoint = node.words([node.signed(zero, dtype)]);
  return node.apply(ops.requantize, { x: z, multiplier, shift, zeroPoint }, { to: "i8" });
}

/** The linear layer of float32. */
export function floatLinear(node: OneNode, bias?: readonly number[]): Linear {
  return (rows, weight, n, k) =>
    node.apply(ops.linear, {
      x: rows,
      weight: node.floats([n, k], weight),
      bias: bias && node.floats([n], bias),
    });
}

/**
 * The linear layer of integers, where `a` has a zero point and weights are of 9 bits:
 * `Σ(a − z)·w = Σ a·w − z·Σw`, the last as a bias. Weights beyond 8 bits are a sum of weights of 8
 * bits, beside each other; the columns of `a` then repeat.
 */
export function integerLinear(
  node: OneNode,
  zeroPoint: number,
  bias: readonly number[] = [],
): Linear {
  return (rows, weight, n, k) => {
    const parts = eightBits(weight);
    const m = rows.shape[0] as number;
    const wide = range(n).flatMap((row) =>
      parts.flatMap((part) => part.slice(row * k, (row + 1) * k))
    );
    const biases = range(n).map((row) =>
      (bias[row] ?? 0) - zeroPoint * sum(weight.slice(row * k, (row + 1) * k))
    );
    const index = node.words(parts.map(() => 0));
    const repeated = parts.length === 1
      ? rows
      : node.apply(ops.gatherRows, { x: node.reshape(rows, [m, 1, k]), index });
    const length = parts.length * k;
    return node.apply(ops.linearInteger, {
      x: node.reshape(repeated, [m, length]),
      weight: node.constant("i8", [n, length], Int8Array.from(wide)),
      bias: node.words(biases),
    });
  };
}

/** Weight codes less their zero points (one for all, or one for each of the last axis). */
function centred(node: OneNode, index: number, zeroPointIndex: number): number[] {
  const codes = numbersOf(node.tensor(index));
  const zero = node.optional(zeroPointIndex);
  const zeroPoints = zero === undefined ? [0] : numbersOf(zero);
  return codes.map((code, i) => code - zeroPoints[i % zeroPoints.length]);
}

/** The zero point of an activation. */
export function zeroPointOf(node: OneNode, index: number): number {
  const zeroPoint = node.optional(index);
  return zeroPoint === undefined ? 0 : numbersOf(zeroPoint)[0];
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}

/** Batched products of `a` (flat) and the weight of input 1, or 3 where codes have scales. */
function multiply(
  node: OneNode,
  a: Value,
  b: readonly number[],
  linear: Linear,
  codes?: DType,
): void {
  const [aShape, bShape] = [node.tensor(0).shape, node.tensor(codes === undefined ? 1 : 3).shape];
  const [m, k] = aShape.length === 1 ? [1, aShape[0]] : aShape.slice(-2);
  const n = bShape.length === 1 ? 1 : bShape[bShape.length - 1];
  const [aBatch, bBatch] = [aShape.slice(0, -2), bShape.slice(0, -2)];
  const batch = broadcastShape(aBatch, bBatch);
  const ofA = broadcast(aBatch, batch), ofB = broadcast(bBatch, batch);
  const products = ofA.map((i, at) => {
    const weight = b.slice(ofB[at] * k * n, (ofB[at] + 1) * k * n);
    const rows = node.pick(a, range(m * k, i * m * k), [m, k]);
    return linear(rows, transposition([k, n], [1, 0]).map((j) => weight[j]), n, k);
  });
  const shape = [
    ...batch,
    ...(aShape.length === 1 ? [] : [m]),
    ...(bShape.length === 1 ? [] : [n]),
  ];
  const y = products.length === 1 ? products[0] : node.stack(products);
  if (codes === undefined) node.output(y, shape);
  else node.outputCodes(y, codes, shape);
}
