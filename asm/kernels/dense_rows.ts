// Rows that are to be next to one another.
import { Operand } from "../generated/operand";

/** Bytes of the elements of an operand. */
export function dense_bytes(x: Operand): usize {
  return <usize> x.rows * <usize> x.columns * 4;
}

/** Address of the elements of an operand, row after row: where they lie, or in `to` if there is something in between. */
export function dense_rows(x: Operand, to: usize): usize {
  const bytes = <usize> x.columns << 2;
  if (x.stride == bytes) return x.address;
  let from = x.address, at = to;
  for (let r = x.rows; r > 0; r--, from += x.stride, at += bytes) memory.copy(at, from, bytes);
  return to;
}

/** Between n rows and dense ones. */
export function move_rows(
  rows: usize,
  stride: usize,
  dense: usize,
  n: i32,
  columns: i32,
  isRead: bool,
): void {
  const bytes = <usize> columns << 2;
  for (; n > 0; n--, rows += stride, dense += bytes) {
    if (isRead) memory.copy(dense, rows, bytes);
    else memory.copy(rows, dense, bytes);
  }
}
