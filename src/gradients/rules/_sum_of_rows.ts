/** Gradients of biases: sums over a batch in the order of weights, so that they can go on from a stored one. */
import { product } from "../../graph/extent.ts";
import type { Value } from "../../graph/graph.ts";
import { matMul, reduceSum } from "../../graph/ops/mod.ts";
import type { NodeBuilder } from "../../graph/node_builder.ts";

/** Sum of the rows of a matrix, ascending, in blocks of 128: ones times it. */
export function sumOfRows(build: NodeBuilder, x: Value): Value {
  const [rows, columns] = x.shape;
  if (rows === 1) return build.reshape(x, [columns]);
  if (typeof rows !== "number") return build.sumTo(x, [columns]);
  const ones = build.constant([rows, 1], new Float32Array(rows).fill(1));
  const sum = build.graph.apply(matMul, { a: ones, b: x }, { transposeA: true });
  return build.reshape(sum, [columns]);
}

/** Sum over the places of each picture, then over pictures, ascending. */
export function sumOfPictures(build: NodeBuilder, x: Value): Value {
  const [pictures, height, width, channels] = x.shape;
  const places = build.reshape(x, [pictures, product([height, width]), channels]);
  return sumOfRows(build, build.graph.apply(reduceSum, { x: places }));
}
