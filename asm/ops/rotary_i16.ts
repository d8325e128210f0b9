// Pairs a, b = x[2i], x[2i+1] by cosines c and sines s: y[2i] = clamp8(round((a·c − b·s) / 2^21) + zero_point), y[2i+1] of a·s + b·c.
// −s saturates, sums and roundings are modulo 2^32.
import { RotaryI16 } from "../generated/ops/rotary_i16";
import { sum_saturated } from "../kernels/shift_i64";
import { store_codes } from "../kernels/tail";

export function scratch_rotary_i16(_op: RotaryI16): usize {
  return 0;
}

export function exec_rotary_i16(op: RotaryI16): void {
  const x = op.x, y = op.y, angles = op.angles, zero = op.zero_point.address;
  const pairs = angles.columns, head = <usize> pairs << 1;
  const half = i32x4.splat((1 << 20) - 1), one = i32x4.splat(1), none = i32x4.splat(0);
  let from = x.address, cosines = angles.address, to = y.address;
  for (let t = x.rows; t > 0; t--, from += x.stride, to += y.stride) {
    const sines = cosines + angles.stride;
    for (let h: usize = 0; h < <usize> x.columns; h += head) {
      for (let i = 0; i < pairs; i += 4) {
        const at = h + (<usize> i << 1), angle = <usize> i << 1, left = (pairs - i) << 1;
        const v = v128.load(from + (at << 1)),
          c = v128.load64_zero(cosines + angle),
          s = v128.load64_zero(sines + angle),
          n = i16x8.sub_sat_s(none, s);
        const e = shifted(i32x4.dot_i16x8_s(v, mixed(c, n)), half, one),
          o = shifted(i32x4.dot_i16x8_s(v, mixed(s, c)), half, one);
        let u = v128.shuffle<i32>(e, o, 0, 4, 1, 5), w = v128.shuffle<i32>(e, o, 2, 6, 3, 7);
        if (zero) {
          u = sum_saturated(u, v128.load(zero + (at << 2)));
          if (left > 4) w = sum_saturated(w, v128.load(zero + (at << 2), 16));
        }
        store_codes(to + at, i16x8.narrow_i32x4_s(u, w), left, false);
      }
    }
    cosines = sines + angles.stride;
  }
}

/** The first four of both, in turns. */
// @ts-ignore: decorator
@inline
function mixed(a: v128, b: v128): v128 {
  return v128.shuffle<i16>(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
}

/** round(v / 2^21), half to even. */
// @ts-ignore: decorator
@inline
function shifted(v: v128, half: v128, one: v128): v128 {
  return i32x4.shr_s(i32x4.add(i32x4.add(v, half), v128.and(i32x4.shr_s(v, 21), one)), 21);
}
