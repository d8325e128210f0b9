// Rows as they are stored, read and written as float32: 16-bit floats by way of a buffer, some rows at a time where they are dense.
import { DTYPE_F32 } from "../generated/format";
import { Operand } from "../generated/operand";
import { narrow_row, widen_row } from "./half_f32";

/** Elements of a buffer of several rows. */
const ELEMENTS: i32 = 2048;

/** Bytes of a buffer for rows of n elements. */
export function buffer_bytes(n: i32): usize {
  return (<usize> max(n, ELEMENTS) << 2) + 64;
}

/** How many rows of these operands of so many columns go through a buffer at once. */
export function rows_at_once(a: Operand, b: Operand): i32 {
  const n = a.columns, line = <usize> n;
  if (a.stride != line * a.elementBytes || b.stride != line * b.elementBytes) return 1;
  return max(ELEMENTS / n, 1);
}

/** Where `count` rows from `at` on are as float32, dense where there are several: in a buffer, or where they lie. */
export function stored_rows(x: Operand, at: usize, count: i32, buffer: usize): usize {
  if (x.dtype == DTYPE_F32) return at;
  widen_row(at, buffer, count * x.columns, x.dtype);
  return buffer;
}

/** Where `count` rows are to be computed that belong at `at`. */
// @ts-ignore: decorator
@inline
export function rows_to(y: Operand, at: usize, buffer: usize): usize {
  return y.dtype == DTYPE_F32 ? at : buffer;
}

/** Stores rows that were computed in a buffer. */
export function store_rows(y: Operand, at: usize, count: i32, buffer: usize): void {
  if (y.dtype != DTYPE_F32) narrow_row(buffer, at, count * y.columns, y.dtype);
}
