// Rows of 16-bit floats to float32 and back, exact (src/numeric/half.ts). Constants are loaded once for a row: as literals they
// would be made again for each vector.
//
//   bf16 → f32   the upper half;              f32 → bf16   (x + 0x7fff + (x >> 16 & 1)) >> 16
//   f16 → f32    exponent and fraction moved to their places times 2^(127 − 15), subnormals included; from 65536 on all ones
//   f32 → f16    from 2^-14 on: rebiased and rounded in integers; below: x + 1/2 rounds to steps of 2^-24
//
// NaNs have the one pattern of their type, without sign.
import { DTYPE_BF16 } from "../generated/format";
import { store_first, store_words } from "./tail";

// Tables are in functions, so that modules which call none of these have none of them.

/** Sign and magnitude in place, 2^112, 65536, the bits of infinity, NaN. */
// @ts-ignore: decorator
@inline
function widening(): usize {
  return memory.data<u32>([0x8fffe000, 0x77800000, 0x47800000, 0x7f800000, 0x7fc00000], 16);
}

/** Half of what falls off of bf16, its NaN, 1. */
// @ts-ignore: decorator
@inline
function narrowing_bf16(): usize {
  return memory.data<u32>([0x7fff, 0x7fc0, 1], 16);
}

/**
 * All but the sign; −112 exponents and half of what falls off of f16; 2^-14; the greatest below 65536; 1/2; infinity and NaN of
 * f16; its sign; 1.
 */
// @ts-ignore: decorator
@inline
function narrowing_f16(): usize {
  return memory.data<u32>(
    [0x7fffffff, 0xc8000fff, 0x38800000, 0x477fffff, 0x3f000000, 0x7c00, 0x7e00, 0x8000, 1],
    16,
  );
}

// @ts-ignore: decorator
@inline
function four_of(table: usize, index: usize): v128 {
  return v128.load32_splat(table + (index << 2));
}

/** Four bf16, of which the upper 16 bits of lanes are, with one NaN. */
// @ts-ignore: decorator
@inline
function one_nan(x: v128, nan: v128): v128 {
  return v128.bitselect(x, nan, f32x4.eq(x, x));
}

/** n bf16 as float32, eight at a time; returns how many are done, 0 where a NaN is among them. */
function widen_bf16(from: usize, to: usize, n: i32): i32 {
  const zero = i32x4.splat(0), whole = n & ~7;
  let numbers = i32x4.splat(-1);
  for (const end = from + (<usize> whole << 1); from < end; from += 16, to += 32) {
    const x = v128.load(from);
    const low = v128.shuffle<i16>(zero, x, 0, 8, 1, 9, 2, 10, 3, 11);
    const high = v128.shuffle<i16>(zero, x, 4, 12, 5, 13, 6, 14, 7, 15);
    numbers = v128.and(numbers, v128.and(f32x4.eq(low, low), f32x4.eq(high, high)));
    v128.store(to, low);
    v128.store(to, high, 16);
  }
  return i32x4.all_true(numbers) ? whole : 0;
}

/** n 16-bit floats as float32. */
export function widen_row(from: usize, to: usize, n: i32, dtype: i32): void {
  const table = widening(), nan = four_of(table, 4);
  if (dtype == DTYPE_BF16) {
    const done = widen_bf16(from, to, n);
    n -= done, from += <usize> done << 1, to += <usize> done << 2;
    for (; n >= 4; n -= 4, from += 8, to += 16) {
      v128.store(to, one_nan(i32x4.shl(v128.load16x4_u(from), 16), nan));
    }
    if (n > 0) store_words(to, one_nan(i32x4.shl(v128.load16x4_u(from), 16), nan), n);
    return;
  }
  const keep = four_of(table, 0), scale = four_of(table, 1);
  const top = four_of(table, 2), infinity = four_of(table, 3);
  for (; n >= 4; n -= 4, from += 8, to += 16) {
    v128.store(to, widen_f16(v128.load16x4_s(from), keep, scale, top, infinity, nan));
  }
  if (n > 0) store_words(to, widen_f16(v128.load16x4_s(from), keep, scale, top, infinity, nan), n);
}

// @ts-ignore: decorator
@inline
function widen_f16(
  bits: v128,
  keep: v128,
  scale: v128,
  top: v128,
  infinity: v128,
  nan: v128,
): v128 {
  const x = f32x4.mul(v128.and(i32x4.shl(bits, 13), keep), scale);
  const special = v128.and(f32x4.ge(f32x4.abs(x), top), infinity);
  return one_nan(v128.or(x, special), nan);
}

/** n float32 as 16-bit floats. */
export function narrow_row(from: usize, to: usize, n: i32, dtype: i32): void {
  if (dtype == DTYPE_BF16) narrow_bf16(from, to, n);
  else narrow_f16(from, to, n);
}

/** n float32 as bf16, eight at a time; returns how many are done, 0 where a NaN is among them. */
function narrow_numbers(from: usize, to: usize, n: i32): i32 {
  const table = narrowing_bf16(), half = four_of(table, 0), one = four_of(table, 2);
  const whole = n & ~7;
  let numbers = i32x4.splat(-1);
  for (const end = to + (<usize> whole << 1); to < end; from += 32, to += 16) {
    const x = v128.load(from), y = v128.load(from, 16);
    numbers = v128.and(numbers, v128.and(f32x4.eq(x, x), f32x4.eq(y, y)));
    v128.store(to, i16x8.narrow_i32x4_u(rounded_bf16(x, half, one), rounded_bf16(y, half, one)));
  }
  return i32x4.all_true(numbers) ? whole : 0;
}

function narrow_bf16(from: usize, to: usize, n: i32): void {
  const table = narrowing_bf16();
  const half = four_of(table, 0), nan = four_of(table, 1), one = four_of(table, 2);
  const done = narrow_numbers(from, to, n);
  n -= done, from += <usize> done << 2, to += <usize> done << 1;
  for (; n > 0; n -= 8, from += 32, to += 16) {
    const low = four_bf16(v128.load(from), half, nan, one);
    const high = four_bf16(v128.load(from, 16), half, nan, one);
    const packed = i16x8.narrow_i32x4_u(low, high);
    if (n >= 8) v128.store(to, packed);
    else store_first(to, packed, n << 1);
  }
}

// @ts-ignore: decorator
@inline
function four_bf16(x: v128, half: v128, nan: v128, one: v128): v128 {
  return v128.bitselect(rounded_bf16(x, half, one), nan, f32x4.eq(x, x));
}

// @ts-ignore: decorator
@inline
function rounded_bf16(x: v128, half: v128, one: v128): v128 {
  const even = v128.and(i32x4.shr_u(x, 16), one);
  return i32x4.shr_u(i32x4.add(x, i32x4.add(half, even)), 16);
}

function narrow_f16(from: usize, to: usize, n: i32): void {
  const table = narrowing_f16();
  const positive = four_of(table, 0), rebias = four_of(table, 1), least = four_of(table, 2);
  const most = four_of(table, 3), half = four_of(table, 4), infinity = four_of(table, 5);
  const nan = four_of(table, 6), sign = four_of(table, 7), one = four_of(table, 8);
  for (; n > 0; n -= 8, from += 32, to += 16) {
    let packed = i32x4.splat(0);
    for (let k: usize = 0; k < 32; k += 16) {
      const x = v128.load(from + k), a = v128.and(x, positive);
      const even = v128.and(i32x4.shr_u(a, 13), one);
      const normal = i32x4.shr_u(i32x4.add(a, i32x4.add(rebias, even)), 13);
      const small = i32x4.sub(f32x4.add(a, half), half);
      const finite = v128.bitselect(small, normal, i32x4.lt_s(a, least));
      const bounded = v128.bitselect(infinity, finite, i32x4.gt_s(a, most));
      const signed = v128.or(bounded, v128.and(i32x4.shr_u(x, 16), sign));
      const four = v128.bitselect(signed, nan, f32x4.eq(x, x));
      packed = k == 0 ? four : i16x8.narrow_i32x4_u(packed, four);
    }
    if (n >= 8) v128.store(to, packed);
    else store_first(to, packed, n << 1);
  }
}
