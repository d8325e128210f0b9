import type { Extent, Value } from "../graph/graph.ts";
import type { Index } from "../program/program.ts";
import type { Lowering } from "./lowering.ts";
import { dense, isReshapable } from "./placed.ts";

/** View of a value with other extents; rows that are apart are moved together first. */
export function denseView(lowering: Lowering, value: Value, extents: readonly Extent[]): Index {
  if (isReshapable(lowering.placed(value), extents)) return lowering.shaped(value, extents);
  const { tensor, view } = temporary(lowering, value.shape);
  lowering.emit([], "copy", { x: lowering.operand(value), y: view });
  return lowering.view(dense(tensor, extents));
}

/** A float32 tensor for what one node computes on the way. */
export function temporary(
  lowering: Lowering,
  shape: readonly Extent[],
): { readonly tensor: Index; readonly view: Index } {
  const extents = shape.map((extent) => lowering.extent(extent));
  const tensor = lowering.builder.tensor({ region: "arena", dtype: "f32", extents });
  return { tensor, view: lowering.view(dense(tensor, shape)) };
}
