// Bytes of a tensor in memory, as in `src/program/layout.ts`.
import { DTYPE_BYTES, LAYOUT_PANEL_8, LAYOUT_ROWS } from "./generated/format";
import { rangeMax, tensorDtype, tensorExtent, tensorLayout, tensorRank } from "./model";

// @ts-ignore: decorator
@inline
export function elementBytesOf(dtype: u32): u32 {
  return load<u8>(DTYPE_BYTES + dtype);
}

/**
 * Bytes with extents whose values are i32 at `values + (expression << shift)`. In float64: far too
 * large sizes are refused before they could be rounded into small ones.
 */
export function layoutBytes(tensor: usize, values: usize, shift: u32): f64 {
  const size = <f64> elementBytesOf(tensorDtype(tensor));
  const layout = tensorLayout(tensor);
  if (layout == LAYOUT_ROWS) {
    let product = size;
    for (let j: u32 = 0, n = tensorRank(tensor); j < n; j++) {
      product *= <f64> load<i32>(values + (<usize> tensorExtent(tensor, j) << shift));
    }
    return product;
  }
  const n = <i64> load<i32>(values + (<usize> tensorExtent(tensor, 0) << shift));
  const k = <i64> load<i32>(values + (<usize> tensorExtent(tensor, 1) << shift));
  const columns = layout == LAYOUT_PANEL_8 ? k : (k + 3) & ~3;
  return <f64> ((n + 7) & ~7) * <f64> columns * size;
}

/** Bytes at the largest extents. */
export function planBytes(model: usize, tensor: usize, ranges: usize): f64 {
  return layoutBytes(tensor, ranges + 4, 3);
}
