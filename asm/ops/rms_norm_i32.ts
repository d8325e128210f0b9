// S = (Σ x² + epsilon) mod 2^62, 0 counts as 1;  k = ⌊(62 − bits of S) / 2⌋;  f = min(⌊2^61 / ⌊√(S·4^k)⌋⌋, 2^31 − 1)
// t = (x·f + 2^(36−k)) >> (37 − k), low 32 bits;  y = clamp(clamp32((t·gain + 2^(s−1)) >> s) + zero_point), s = 24 + shift within 1 … 62
//
// Bounds: S·4^k is 2^60 … 2^62 − 1, its root 2^30 … 2^31 − 1, 37 − k is 7 … 37, and products of 32-bit integers have 62 bits.
import { RmsNormI32 } from "../generated/ops/rms_norm_i32";
import { requantize_shifted } from "../kernels/epilogue_shifted";
import { low_words } from "../kernels/lanes";
import { mask_first } from "../kernels/pack";
import { Shift, shifted2 } from "../kernels/shift_i64";
import { prepare_requantize, shift_of, SHIFTED_BYTES } from "../kernels/shifted_plan";
import { square_root } from "../kernels/square_root";

/** How t becomes y, a shift, and a row of t. */
export function scratch_rms_norm_i32(op: RmsNormI32): usize {
  return SHIFTED_BYTES + offsetof<Shift>() + (<usize> op.x.columns << 2) + 32;
}

export function exec_rms_norm_i32(op: RmsNormI32): void {
  const x = op.x, y = op.y, n = x.columns, size = y.elementBytes;
  const ep = prepare_requantize(
    op.scratch,
    op.gain.address,
    n > 1,
    op.zero_point.address,
    false,
    op.bits,
    size,
  );
  shift_of(op.scratch).prepare(
    <i32> max<i64>(1, min<i64>(62, 24 + <i64> load<i32>(op.shift.address))),
    0,
  );
  const shift = changetype<Shift>(op.scratch + SHIFTED_BYTES),
    row = changetype<usize>(shift) + offsetof<Shift>();
  const epsilon = <i64> load<i32>(op.epsilon.address);
  let from = x.address, to = y.address;
  for (let r = x.rows; r > 0; r--, from += x.stride, to += y.stride) {
    let S = <u64> (sum_squares(from, n) + epsilon) << 2 >> 2;
    if (S == 0) S = 1;
    const k = (<i32> clz(S) - 2) >> 1;
    shift.prepare(37 - k, 0);
    normalize(
      from,
      n,
      min<u64>(((<u64> 1) << 61) / square_root(S << (2 * k)), 0x7fffffff),
      shift,
      row,
    );
    requantize_shifted(ep, row, n, to);
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

/** Low words of x·factor, shifted, in whole vectors. */
function normalize(x: usize, n: i32, factor: u64, shift: Shift, to: usize): void {
  const f = i32x4.splat(<i32> factor), e = shift.e, half = shift.addend;
  const top = shift.offset, none = shift.odd;
  for (; n > 0; n -= 4, x += 16, to += 16) {
    const v = v128.load(x);
    const t = low_words(
      shifted2(i64x2.extmul_low_i32x4_s(v, f), e, half, top, none),
      shifted2(i64x2.extmul_high_i32x4_s(v, f), e, half, top, none),
    );
    v128.store(to, t);
  }
}
