// Moments of the middle extent, from rows as they are stored: mean_variance_f32.ts without y, in the same order of sums.
import { MomentsF32 } from "../generated/ops/moments_f32";
import { buffer_bytes, rows_at_once, stored_rows } from "../kernels/stored_rows_f32";
import { add_row_f32, join, sums_scratch, TERM_NEAR, TERM_SQUARE } from "../kernels/sums_f32";

// @ts-ignore: decorator
@inline
function row_bytes(n: i32): usize {
  return <usize> (n + 3 & ~3) << 2;
}

export function scratch_moments_f32(op: MomentsF32): usize {
  const n = op.x.columns;
  return sums_scratch(n) + row_bytes(n) * 2 + buffer_bytes(n) + 64;
}

export function exec_moments_f32(op: MomentsF32): void {
  const x = op.x, moments = op.moments, epsilon = load<f32>(op.epsilon.address);
  const b = x.extent1, n = x.columns, count = <f32> b, row = row_bytes(n), width = <usize> n << 2;
  const first = op.scratch + 15 & ~15, shift = first + row, partial = shift + row;
  const buffer = partial + (row << 4);
  let from = x.address, at = moments.address;
  for (let a = x.extent0; a > 0; a--, at += 3 * moments.stride, from += <usize> b * x.stride) {
    memory.copy(first, stored_rows(x, from, 1, buffer), width);
    memory.fill(shift, 0, row);
    sum(op, TERM_NEAR, from, first, shift, partial, buffer);
    divide(shift, partial, n, count);
    sum(op, TERM_SQUARE, from, first, shift, partial, buffer);
    const variance = at + moments.stride, inverse = variance + moments.stride;
    divide(variance, partial, n, count);
    for (let i: usize = 0; i < width; i += 4) {
      store<f32>(at + i, load<f32>(first + i) + load<f32>(shift + i));
      store<f32>(inverse + i, <f32> 1 / sqrt<f32>(load<f32>(variance + i) + epsilon));
    }
  }
}

/** Sums of the rows of one outer index, in the first partial row. */
function sum(
  op: MomentsF32,
  kind: i32,
  from: usize,
  first: usize,
  shift: usize,
  partial: usize,
  buffer: usize,
): void {
  const x = op.x, b = x.extent1, n = x.columns, row = row_bytes(n), width = <usize> n << 2;
  memory.fill(partial, 0, row << 4);
  const once = rows_at_once(x, x);
  for (let r = 0; r < b; r += once, from += <usize> once * x.stride) {
    const rows = min(once, b - r);
    let p = stored_rows(x, from, rows, buffer);
    for (let k = 0; k < rows; k++, p += width) {
      add_row_f32(kind, p, row, first, shift, partial + <usize> (r + k & 15) * row);
    }
  }
  join(kind, partial, row);
}

/** n sums divided by a number. */
function divide(to: usize, sums: usize, n: i32, by: f32): void {
  for (let i: usize = 0; i < <usize> n << 2; i += 4) store<f32>(to + i, load<f32>(sums + i) / by);
}
