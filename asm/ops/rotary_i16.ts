// Pairs a, b = x[2i], x[2i+1] by cosines c and sines s: y[2i] = clamp8(round((a·c − b·s) / 2^21) + zero_point), y[2i+1] of a·s + b·c.
// −s saturates, sums are modulo 2^32.
import { RotaryI16 } from "../generated/ops/rotary_i16";
import { requantize_shifted } from "../kernels/epilogue_shifted";
import { prepare_requantize, shift_of, SHIFTED_BYTES } from "../kernels/shifted_plan";

const ONE: usize = memory.data<i32>([1]);

/** How sums become y, and a row of them. */
export function scratch_rotary_i16(op: RotaryI16): usize {
  return SHIFTED_BYTES + (<usize> op.x.columns << 2) + 32;
}

export function exec_rotary_i16(op: RotaryI16): void {
  const x = op.x, y = op.y, angles = op.angles, row = op.scratch + SHIFTED_BYTES;
  const ep = prepare_requantize(op.scratch, ONE, false, op.zero_point.address, x.columns > 1, 8, 1);
  shift_of(op.scratch).to_even(21);
  let from = x.address, cosines = angles.address, to = y.address;
  for (let t = x.rows; t > 0; t--, from += x.stride, to += y.stride) {
    const sines = cosines + angles.stride;
    for (let at: usize = 0; at < <usize> x.columns; at += <usize> angles.columns << 1) {
      rotate_head(from + (at << 1), cosines, sines, angles.columns, row + (at << 2));
    }
    requantize_shifted(ep, row, x.columns, to);
    cosines = sines + angles.stride;
  }
}

/** Sums of the channels of a head → i32. */
function rotate_head(x: usize, cosines: usize, sines: usize, pairs: i32, to: usize): void {
  for (; pairs > 0; pairs -= 4, x += 16, cosines += 8, sines += 8, to += 32) {
    const v = v128.load(x), c = v128.load64_zero(cosines), s = v128.load64_zero(sines);
    const first = i32x4.dot_i16x8_s(v, mixed(c, i16x8.sub_sat_s(i16x8.splat(0), s))),
      second = i32x4.dot_i16x8_s(v, mixed(s, c));
    // what is written behind a head is written again by the next one
    v128.store(to, v128.shuffle<i32>(first, second, 0, 4, 1, 5));
    v128.store(to, v128.shuffle<i32>(first, second, 2, 6, 3, 7), 16);
  }
}

/** The first four of both, in turns. */
// @ts-ignore: decorator
@inline
function mixed(a: v128, b: v128): v128 {
  return v128.shuffle<i16>(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
}
