// Bytes of a tensor in memory, as in `src/program/layout.ts`.
import { DTYPE_BYTES, LAYOUT_PANEL_8, LAYOUT_PANEL_8X16_T2, LAYOUT_ROWS } from "./generated/format";
import { TensorRecord } from "./generated/records";
import { Model } from "./model";

// @ts-ignore: decorator
@inline
export function elementBytesOf(dtype: u32): u32 {
  return load<u8>(DTYPE_BYTES + dtype);
}

/**
 * Bytes of a tensor with these extents, unused ones 1. In float64: what is far too large is refused
 * before it could be rounded to something small.
 */
export function layoutBytes(tensor: TensorRecord, e0: i32, e1: i32, e2: i32, e3: i32): f64 {
  const size = <f64> elementBytesOf(tensor.dtype);
  const layout = tensor.layout;
  if (layout == LAYOUT_ROWS) return size * <f64> e0 * <f64> e1 * <f64> e2 * <f64> e3;
  return <f64> ((<i64> e0 + 7) >> 3) * <f64> panelBytes(layout, e1);
}

/** Bytes of a panel of 8 columns of weights: 32 for each step, which has 16, 1 or 4 of k. */
export function panelBytes(layout: u32, k: i32): i64 {
  const shift: i64 = layout == LAYOUT_PANEL_8X16_T2 ? 4 : layout == LAYOUT_PANEL_8 ? 0 : 2;
  return ((<i64> k + (<i64> 1 << shift) - 1) >> shift) << 5;
}

/** Bytes at the largest extents. */
export function planBytes(model: Model, tensor: TensorRecord): f64 {
  return layoutBytes(
    tensor,
    largest(model, tensor, 0),
    largest(model, tensor, 1),
    largest(model, tensor, 2),
    largest(model, tensor, 3),
  );
}

function largest(model: Model, tensor: TensorRecord, axis: u32): i32 {
  return axis < tensor.rank ? model.range(tensor.extent(axis)).max : 1;
}
