/** Float32 ops that work along an axis, and those that move elements. */
import type { Value } from "../../../src/graph/graph.ts";
import * as ops from "../../../src/graph/ops/mod.ts";
import { elementCount } from "../../../src/tensor.ts";
import { numbersOf } from "./_numbers.ts";
import { flat } from "./_one_node.ts";
import type { OneNode } from "./_one_node.ts";
import { axisOf, range, transposition } from "./_shape.ts";

/** `a + b`, b a suffix of a. */
export function add(node: OneNode): void {
  const [a, b] = [node.tensor(0).shape, node.tensor(1).shape];
  const y = node.apply(ops.add, { a: node.input(0, a), b: node.input(1, b) });
  node.output(y, a);
}

/** The exact Gelu. */
export function gelu(node: OneNode): void {
  const { shape } = node.tensor(0);
  const approximate = node.string("approximate", "none");
  if (approximate !== "none") throw new Error(`no Gelu approximated by ${approximate}`);
  node.output(node.apply(ops.gelu, { x: node.input(0, flat(shape)) }), shape);
}

/** Softmax along any axis: it is made the last one. */
export function softmax(node: OneNode): void {
  const { shape } = node.tensor(0);
  const last = shape.length - 1;
  const axis = axisOf(node.number("axis", -1), shape.length);
  const swap = range(shape.length).map((i) => i === axis ? last : i === last ? axis : i);
  const swapped = swap.map((i) => shape[i]);
  const x = node.pick(node.input(0, shape), transposition(shape, swap), swapped);
  const y = node.apply(ops.softmax, { x });
  node.output(node.pick(y, transposition(swapped, swap), shape), shape);
}

/** Layer normalisation of all axes from one on: they are made one. Only the first output exists. */
export function layerNormalization(node: OneNode): void {
  const { shape } = node.tensor(0);
  const axis = axisOf(node.number("axis", -1), shape.length);
  const columns = elementCount(shape.slice(axis));
  const bias = node.optional(2);
  const y = node.apply(ops.layerNormalization, {
    x: node.input(0, [elementCount(shape) / columns, columns]),
    scale: node.floats([columns], numbersOf(node.tensor(1))),
    bias: bias && node.floats([columns], numbersOf(bias)),
  }, { epsilon: node.number("epsilon", 1e-5) });
  node.output(y, shape);
}

/** Mean over any axes: they are made the rows. */
export function reduceMean(node: OneNode): void {
  const { shape } = node.tensor(0);
  const given = node.optional(1);
  const listed = given === undefined ? [] : numbersOf(given).map((a) => axisOf(a, shape.length));
  const axes = listed.length === 0 ? range(shape.length) : listed;
  const kept = range(shape.length).filter((axis) => !axes.includes(axis));
  const rows = elementCount(axes.map((axis) => shape[axis]));
  const order = transposition(shape, [...kept, ...axes]);
  const x = node.pick(node.input(0, shape), order, [order.length / rows, rows, 1]);
  const reduced = node.number("keepdims", 1) !== 0
    ? shape.map((extent, axis) => axes.includes(axis) ? 1 : extent)
    : kept.map((axis) => shape[axis]);
  node.output(node.apply(ops.meanRows, { x }), reduced);
}

/** Axes in another order. */
export function transpose(node: OneNode): void {
  const { shape } = node.tensor(0);
  const permutation = node.integers("perm") ?? range(shape.length).reverse();
  const y = node.pick(node.input(0, shape), transposition(shape, permutation), flat(shape));
  node.output(y, permutation.map((axis) => shape[axis]));
}

/** Slices along an axis, by indices that may count from the end. */
export function gather(node: OneNode): void {
  const { shape } = node.tensor(0);
  const indices = node.tensor(1);
  const axis = axisOf(node.number("axis", 0), shape.length);
  const [before, after] = [shape.slice(0, axis), shape.slice(axis + 1)];
  const blocks = [elementCount(before), shape[axis], elementCount(after)];
  const index = node.words(numbersOf(indices).map((i) => axisOf(i, shape[axis])));
  const x: Value = node.reshape(node.input(0, shape.length < 2 ? flat(shape) : shape), blocks);
  node.output(node.apply(ops.gatherRows, { x, index }), [...before, ...indices.shape, ...after]);
}
