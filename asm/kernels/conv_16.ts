// Convolutions whose sums are kept in 16 bits (sums_16.ts), in the orders of ../../src/instructions/sums.ts: (tap, channel), and of
// gradients of weights (picture, place). Depthwise ones have four channels in a vector, weights turned to [taps][C].
import { Operand } from "../generated/operand";
import { dense_bytes, dense_rows, move_rows } from "./dense_rows";
import { fill_rows } from "./depthwise_f32";
import { im2row_f32, Taps } from "./pictures_f32";
import { add_bias, add_row_16, turn_rows, turned_bytes_16 } from "./sums_16";

/** Places whose rows of taps are in memory at once. */
const PLACES: i32 = 64;

// @ts-ignore: decorator
@inline
function is_depthwise(group: i32, weight: Operand): bool {
  return weight.columns == 1 && group == weight.extent0 && group > 1;
}

/** Bytes of scratch of all three: weights as they lie and turned, rows of taps, sums. Extents may be others when it runs. */
export function conv_scratch_16(weight: Operand, channels: i32): usize {
  const taps = weight.extent1 * weight.extent2;
  return 3 * (dense_bytes(weight) + 192) + turned_bytes_16(PLACES, taps * channels);
}

// @ts-ignore: decorator
@inline
function aligned(p: usize): usize {
  return p + 63 & ~63;
}

export function conv_16(
  sums: i32,
  taps: Taps,
  group: i32,
  x: Operand,
  weight: Operand,
  bias: usize,
  y: Operand,
  scratch: usize,
): void {
  const isVector = is_depthwise(group, weight), groups = isVector ? 1 : group;
  const height = weight.extent1, width = weight.extent2, count = height * width;
  // Of a depthwise one all channels are those of each tap.
  const depth = x.columns / groups, n = y.columns / groups, k = count * weight.columns;
  const dense = aligned(scratch), turned = aligned(dense + dense_bytes(weight) + 64);
  const rows = aligned(turned + dense_bytes(weight) + 64);
  const weights = dense_rows(weight, dense), line = <usize> k << 2;
  const a_step = isVector ? <usize> depth << 2 : 4, places = y.extent1 * y.extent2;
  for (let g = 0; g < groups; g++) {
    const offset = <usize> (g * n) << 2;
    turn_rows(weights + <usize> (g * n) * line, line, n, k, turned);
    let to = y.address + offset;
    for (let b = 0; b < y.extent0; b++) {
      for (let place = 0; place < places; place++, to += y.stride) {
        im2row_f32(taps, x, b, y.extent2, place, 1, height, width, g * depth, depth, rows);
        add_row_16(sums, isVector, rows, a_step, turned, <usize> n << 2, k, to, n, false);
        add_bias(to, bias ? bias + offset : 0, n);
      }
    }
  }
}

/** The adjoint: the sums of y go on from tap to tap. */
export function conv_transpose_16(
  sums: i32,
  taps: Taps,
  group: i32,
  x: Operand,
  weight: Operand,
  y: Operand,
  scratch: usize,
): void {
  const isVector = is_depthwise(group, weight), groups = isVector ? 1 : group;
  const height = weight.extent1, width = weight.extent2, count = height * width;
  const n = y.columns / groups, k = x.columns / groups;
  const dense = aligned(scratch), turned = aligned(dense + dense_bytes(weight) + 64);
  const weights = dense_rows(weight, dense), row = <usize> weight.columns << 2;
  if (isVector) turn_rows(weights, <usize> count << 2, n, count, turned);
  fill_rows(y);
  for (let g = 0; g < groups; g++) {
    let tap = isVector ? turned : weights + <usize> (g * k * count) * row;
    for (let p = 0; p < height; p++) {
      for (let q = 0; q < width; q++, tap += isVector ? <usize> n << 2 : row) {
        let from = x.address + (<usize> (g * k) << 2);
        for (let b = 0; b < x.extent0; b++) {
          for (let i = 0; i < x.extent1; i++) {
            const h = taps.row(i, p);
            for (let j = 0; j < x.extent2; j++, from += x.stride) {
              const place = taps.place(y, b, h, taps.column(j, q));
              if (!place) continue;
              const to = place + (<usize> (g * n) << 2), steps = isVector ? 1 : k;
              add_row_16(sums, isVector, from, 4, tap, <usize> count * row, steps, to, n, true);
            }
          }
        }
      }
    }
  }
}

/** @param goesOn Whether dw has the sums of the pictures before. */
export function conv_weight_gradient_16(
  sums: i32,
  taps: Taps,
  group: i32,
  x: Operand,
  dy: Operand,
  dw: Operand,
  scratch: usize,
  goesOn: bool,
): void {
  const isVector = is_depthwise(group, dw), groups = isVector ? 1 : group;
  const height = dw.extent1, width = dw.extent2, count = height * width;
  const depth = x.columns / groups, m = dy.columns / groups, n = count * depth;
  const line = <usize> n << 2, places = dy.extent1 * dy.extent2;
  const own = aligned(scratch), turned = aligned(own + dense_bytes(dw) + 64);
  const rows = aligned(turned + dense_bytes(dw) + 64);
  // Rows of dw of a group; a depthwise one has sums [taps][C].
  const size = (isVector ? 1 : m) * count * depth / dw.columns;
  for (let g = 0; g < groups; g++) {
    const to = dw.address + <usize> (g * size) * dw.stride;
    if (goesOn) {
      move_rows(to, dw.stride, own, size, dw.columns, true);
      if (isVector) {
        turn_rows(own, <usize> count << 2, depth, count, turned);
        memory.copy(own, turned, dense_bytes(dw));
      }
    }
    for (let b = 0; b < dy.extent0; b++) {
      for (let first = 0; first < places; first += PLACES) {
        const steps = min(PLACES, places - first), onward = goesOn || b > 0 || first > 0;
        im2row_f32(taps, x, b, dy.extent2, first, steps, height, width, g * depth, depth, rows);
        const from = dy.address + <usize> (b * places + first) * dy.stride;
        if (isVector) {
          for (let t: usize = 0; t < <usize> count; t++) {
            const at = t * (<usize> depth << 2);
            add_row_16(
              sums,
              true,
              from,
              dy.stride,
              rows + at,
              line,
              steps,
              own + at,
              depth,
              onward,
            );
          }
          continue;
        }
        for (let o: usize = 0; o < <usize> m; o++) {
          const at = from + (<usize> (g * m) + o << 2);
          add_row_16(sums, false, at, dy.stride, rows, line, steps, own + o * line, n, onward);
        }
      }
    }
    if (isVector) {
      turn_rows(own, <usize> depth << 2, count, depth, turned);
      memory.copy(own, turned, dense_bytes(dw));
    }
    move_rows(to, dw.stride, own, size, dw.columns, false);
  }
}
