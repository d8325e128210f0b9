// S = (Σ x² + epsilon) mod 2^62, 0 counts as 1;  k = ⌊(62 − bits of S) / 2⌋;  f = min(⌊2^61 / ⌊√(S·4^k)⌋⌋, 2^31 − 1)
// t = (x·f + 2^(36−k)) >> (37 − k), low 32 bits;  y = clamp(clamp32((t·gain + 2^(s−1)) >> s) + zero_point), s = 24 + shift within 1 … 62
//
// Bounds: S·4^k is 2^60 … 2^62 − 1, its root 2^30 … 2^31 − 1, 37 − k is 7 … 37, and products of 32-bit integers have 62 bits.
import { RmsNormI32 } from "../generated/ops/rms_norm_i32";
import { low_words } from "../kernels/lanes";
import { mask_first } from "../kernels/pack";
import { product4, Shift, shifted2, sum_saturated } from "../kernels/shift_i64";
import { square_root } from "../kernels/square_root";
import { store_codes } from "../kernels/tail";

/** Two shifts. */
export function scratch_rms_norm_i32(_op: RmsNormI32): usize {
  return 2 * offsetof<Shift>();
}

export function exec_rms_norm_i32(op: RmsNormI32): void {
  const x = op.x, y = op.y, n = x.columns, size = y.elementBytes;
  const first = changetype<Shift>(op.scratch),
    second = changetype<Shift>(op.scratch + offsetof<Shift>());
  second.prepare(max(1, min(62, 24 + <i64> load<i32>(op.shift.address))) as i32, 0);
  const epsilon = <i64> load<i32>(op.epsilon.address);
  const zero = v128.load32_splat(op.zero_point.address),
    high = i32x4.splat((1 << (op.bits - 1)) - 1);
  let from = x.address, to = y.address;
  for (let r = x.rows; r > 0; r--, from += x.stride, to += y.stride) {
    let S = <u64> (sum_squares(from, n) + epsilon) << 2 >> 2;
    if (S == 0) S = 1;
    const k = (<i32> clz(S) - 2) >> 1;
    first.prepare(37 - k, 0);
    const f = i32x4.splat(
      <i32> min<u64>(((<u64> 1) << 61) / square_root(S << (2 * k)), 0x7fffffff),
    );
    row(first, second, from, f, op.gain.address, zero, high, n, to, size);
  }
}

/** Σ x² modulo 2^64. */
function sum_squares(x: usize, n: i32): i64 {
  let s0 = i64x2.splat(0), s1 = s0;
  for (; n > 0; n -= 4, x += 16) {
    let v = v128.load(x);
    if (n < 4) v = v128.and(v, mask_first(n << 2));
    s0 = i64x2.add(s0, i64x2.extmul_low_i32x4_s(v, v));
    s1 = i64x2.add(s1, i64x2.extmul_high_i32x4_s(v, v));
  }
  s0 = i64x2.add(s0, s1);
  return i64x2.extract_lane(s0, 0) + i64x2.extract_lane(s0, 1);
}

/** x·f of four lanes, shifted. */
// @ts-ignore: decorator
@inline
function normalized(x: usize, f: v128, e: i32, half: v128, top: v128, none: v128): v128 {
  const v = v128.load(x);
  return low_words(
    shifted2(i64x2.extmul_low_i32x4_s(v, f), e, half, top, none),
    shifted2(i64x2.extmul_high_i32x4_s(v, f), e, half, top, none),
  );
}

function row(
  first: Shift,
  second: Shift,
  x: usize,
  f: v128,
  gain: usize,
  zero: v128,
  high: v128,
  n: i32,
  y: usize,
  size: usize,
): void {
  const e = first.e, half = first.addend, top = first.offset, none = first.odd;
  const e2 = second.e, half2 = second.addend, top2 = second.offset, saturates = second.saturates;
  const low = v128.not(high);
  for (; n > 0; n -= 8, x += 32, gain += 32, y += size << 3) {
    const t0 = normalized(x, f, e, half, top, none),
      t1 = n > 4 ? normalized(x + 16, f, e, half, top, none) : none;
    const g1 = n > 4 ? v128.load(gain, 16) : none;
    const q0 = product4(t0, v128.load(gain), e2, half2, top2, none, saturates),
      q1 = product4(t1, g1, e2, half2, top2, none, saturates);
    const c0 = i32x4.max_s(i32x4.min_s(sum_saturated(q0, zero), high), low),
      c1 = i32x4.max_s(i32x4.min_s(sum_saturated(q1, zero), high), low);
    store_codes(y, i16x8.narrow_i32x4_s(c0, c1), n, size == 2);
  }
}
