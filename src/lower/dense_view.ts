import { product } from "../graph/extent.ts";
import type { Extent, Value } from "../graph/graph.ts";
import type { Index } from "../program/program.ts";
import type { DType } from "../tensor.ts";
import type { Lowering } from "./lowering.ts";
import { dense, isReshapable } from "./placed.ts";

/** View of a value with other extents; rows that are apart are moved together first. */
export function denseView(lowering: Lowering, value: Value, extents: readonly Extent[]): Index {
  if (isReshapable(lowering.placed(value), extents)) return lowering.shaped(value, extents);
  const { tensor, view } = temporary(lowering, value.shape);
  lowering.emit([], "copy", { x: lowering.operand(value), y: view });
  return lowering.view(dense(tensor, extents));
}

/**
 * View of a value that repeats over the leading axes of a shape, and over its columns where it has one: for operands
 * that do not repeat, each element is there as often as it is used.
 */
export function repeatedView(lowering: Lowering, value: Value, shape: readonly Extent[]): Index {
  const [columns, own] = [shape, value.shape].map((of) => of[of.length - 1]);
  const rows = product(value.shape.slice(0, -1));
  const lines = own === 1 && columns !== 1
    ? expanded(lowering, denseView(lowering, value, [rows, 1]), [rows, columns, 1])
    : undefined;
  const leading = shape.slice(0, shape.length - value.shape.length);
  if (leading.every((extent) => extent === 1)) {
    return lines === undefined
      ? denseView(lowering, value, shape)
      : lowering.view(dense(lines, shape));
  }
  const plane = product([rows, columns]);
  const x = lines === undefined
    ? denseView(lowering, value, [1, plane])
    : lowering.view(dense(lines, [1, plane]));
  return lowering.view(dense(expanded(lowering, x, [1, product(leading), plane]), shape));
}

/** Repeats rows; returns the tensor. */
function expanded(lowering: Lowering, x: Index, shape: readonly Extent[]): Index {
  const { tensor, view } = temporary(lowering, shape);
  lowering.emit([], "expand_f32", { x, y: view });
  return tensor;
}

/** A tensor, of float32 where nothing else is said, for what one node computes on the way. */
export function temporary(
  lowering: Lowering,
  shape: readonly Extent[],
  dtype: DType = "f32",
): { readonly tensor: Index; readonly view: Index } {
  const extents = shape.map((extent) => lowering.extent(extent));
  const tensor = lowering.builder.tensor({ region: "arena", dtype, extents });
  return { tensor, view: lowering.view(dense(tensor, shape)) };
}
