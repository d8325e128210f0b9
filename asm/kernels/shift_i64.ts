// round(p / 2^e) of 64-bit lanes, one e for all of them, and what becomes 32 bits of that.
//
//   half even  (p + 2^(e−1) − 1 + ((p >> e) & 1)) >> e
//   half up    (p + 2^(e−1)) >> e
//
// x86 has no arithmetic shift of 64-bit lanes (V8 makes four instructions of one), so 2^63 is added in front of a logical one and 2^(63−e)
// taken off behind it. Bounds: |p| ≤ 2^62 and 1 ≤ e ≤ 62 keep the sum within 2^63 ± (2^62 + 2^61 + 1): it has 64 bits. e = 63 gives 0 half
// to even, which is what e > 62 means there: p + 2^62 − 1 + bit is within 0 … 2^63 − 1.
import { between } from "./between";
import { low_words } from "./lanes";

/** A shift and its rounding. Kernels take its fields out of their loops. */
// @ts-ignore: decorator
@unmanaged
export class Shift {
  /** 2^63 and half of what is shifted out. */
  addend: v128;
  /** 2^(63−e). */
  offset: v128;
  /** 1: the lowest bit that stays is added, which makes ties even. */
  odd: v128;
  e: i32;
  /** Whether what is shifted may leave 32 bits: products of two 32-bit integers do not with e ≥ 32. */
  saturates: bool;

  /** Half to even; e < 1 counts as 1, e > 62 gives 0. */
  to_even(e: i32): void {
    this.prepare(between(1, e, 63), 1);
  }

  /** `e` from 1 to 62; `even` 1: half to even, 0: half up. */
  prepare(e: i32, even: i64): void {
    const top = (<u64> 1) << 63;
    this.e = e;
    this.addend = i64x2.splat(<i64> (top + ((<u64> 1) << (e - 1))) - even);
    this.offset = i64x2.splat(<i64> (top >> e));
    this.odd = i64x2.splat(even);
    this.saturates = e < 32;
  }
}

/** Two lanes by the fields of a shift. */
// @ts-ignore: decorator
@inline
export function shifted2(p: v128, e: i32, addend: v128, offset: v128, odd: v128): v128 {
  const sum = i64x2.add(i64x2.add(p, addend), v128.and(i64x2.shr_u(p, e), odd));
  return i64x2.sub(i64x2.shr_u(sum, e), offset);
}

/** z·m of four lanes, rounded, limited to 32 bits. */
// @ts-ignore: decorator
@inline
export function product4(
  z: v128,
  m: v128,
  e: i32,
  addend: v128,
  offset: v128,
  odd: v128,
  saturates: bool,
): v128 {
  const q0 = shifted2(i64x2.extmul_low_i32x4_s(z, m), e, addend, offset, odd),
    q1 = shifted2(i64x2.extmul_high_i32x4_s(z, m), e, addend, offset, odd);
  return saturates ? saturated(q0, q1) : low_words(q0, q1);
}

/** Four 64-bit lanes, limited to 32 bits. */
// @ts-ignore: decorator
@inline
function saturated(q0: v128, q1: v128): v128 {
  const low = low_words(q0, q1), high = v128.shuffle<i32>(q0, q1, 1, 3, 5, 7);
  return v128.bitselect(low, end_of(high), i32x4.eq(high, i32x4.shr_s(low, 31)));
}

/** The 32-bit integer farthest from 0 with this sign. */
// @ts-ignore: decorator
@inline
function end_of(v: v128): v128 {
  return v128.xor(i32x4.shr_s(v, 31), i32x4.splat(0x7fffffff));
}

/** a + b, limited to 32 bits. */
// @ts-ignore: decorator
@inline
export function sum_saturated(a: v128, b: v128): v128 {
  const sum = i32x4.add(a, b);
  const wrong = v128.and(v128.xor(a, sum), v128.xor(b, sum));
  return v128.bitselect(end_of(a), sum, i32x4.shr_s(wrong, 31));
}
