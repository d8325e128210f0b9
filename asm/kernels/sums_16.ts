// Sums of products that are kept in 16 bits: ../../src/instructions/sums.ts. Sixteen outputs of a row side by side, each with one
// accumulator, a float32 that a 16-bit float is, rounded after each step.
//
//   s = sum + product in float32, with the error that Knuth's TwoSum gives exactly
//   s to odd   where there is an error and the last bit is 0, that bit becomes 1 towards the exact sum: no boundary between 16-bit
//              floats is odd, so that the next rounding is that of the exact sum (24 ≥ 11 + 2 bits; Boldo and Melquiond, 2008)
//   s to 16    as half_f32.ts rounds, without leaving float32
import { SUMS_BF16 } from "../generated/attributes";
import { store_words } from "./tail";

/** All but the sign; 1; half of what falls off of bf16, what stays of it. */
// @ts-ignore: decorator
@inline
function constants_bf16(): usize {
  return memory.data<u32>([0x7fffffff, 1, 0x7fff, 0xffff0000], 16);
}

/** The same of f16; 1/2; 2^-14; the greatest number; infinity. */
// @ts-ignore: decorator
@inline
function constants_f16(): usize {
  return memory.data<u32>(
    [0x7fffffff, 1, 0xfff, 0xffffe000, 0x3f000000, 0x38800000, 0x477fe000, 0x7f800000],
    16,
  );
}

// @ts-ignore: decorator
@inline
function four_of(table: usize, index: usize): v128 {
  return v128.load32_splat(table + (index << 2));
}

/** sum + p, rounded to odd. */
// @ts-ignore: decorator
@inline
function odd_sum(sum: v128, p: v128, magnitude: v128, one: v128): v128 {
  const s = f32x4.add(sum, p), first = f32x4.sub(s, p), second = f32x4.sub(s, first);
  const error = f32x4.add(f32x4.sub(sum, first), f32x4.sub(p, second));
  // Not for NaN, which is the error of an infinity.
  const isRounded = f32x4.gt(v128.and(error, magnitude), f32x4.splat(0));
  // Towards zero, −1, where the signs differ; then an even one is made odd.
  const down = v128.and(i32x4.shr_s(v128.xor(error, s), 31), isRounded);
  return v128.or(i32x4.add(s, down), v128.and(isRounded, one));
}

/** A float32 rounded to bf16; a NaN is a NaN. */
// @ts-ignore: decorator
@inline
function to_bf16(x: v128, one: v128, half: v128, kept: v128): v128 {
  const even = v128.and(i32x4.shr_u(x, 16), one);
  const rounded = i32x4.add(x, i32x4.add(half, even));
  return v128.and(v128.or(rounded, f32x4.ne(x, x)), kept);
}

/** A float32 rounded to f16; a NaN is a NaN. */
// @ts-ignore: decorator
@inline
function to_f16(table: usize, x: v128, magnitude: v128, one: v128, half: v128, kept: v128): v128 {
  const a = v128.and(x, magnitude), even = v128.and(i32x4.shr_u(a, 13), one);
  const normal = v128.and(i32x4.add(a, i32x4.add(half, even)), kept);
  const shift = four_of(table, 4), small = f32x4.sub(f32x4.add(a, shift), shift);
  const finite = v128.bitselect(small, normal, i32x4.lt_s(a, four_of(table, 5)));
  const isOver = i32x4.gt_s(finite, four_of(table, 6));
  const bounded = v128.bitselect(four_of(table, 7), finite, isOver);
  return v128.bitselect(v128.or(bounded, v128.andnot(x, magnitude)), x, f32x4.eq(x, x));
}

// @ts-ignore: decorator
@inline
function step(
  isBf16: bool,
  table: usize,
  sum: v128,
  p: v128,
  magnitude: v128,
  one: v128,
  half: v128,
  kept: v128,
): v128 {
  const s = odd_sum(sum, p, magnitude, one);
  return isBf16 ? to_bf16(s, one, half, kept) : to_f16(table, s, magnitude, one, half, kept);
}

// @ts-ignore: decorator
@inline
function add_columns(
  isBf16: bool,
  isVector: bool,
  a: usize,
  a_step: usize,
  b: usize,
  b_step: usize,
  k: i32,
  y: usize,
  n: i32,
  goesOn: bool,
): void {
  const table = isBf16 ? constants_bf16() : constants_f16();
  const magnitude = four_of(table, 0), one = four_of(table, 1);
  const half = four_of(table, 2), kept = four_of(table, 3), zero = f32x4.splat(0);
  let s0 = goesOn ? v128.load(y) : zero, s1 = goesOn ? v128.load(y, 16) : zero;
  let s2 = goesOn ? v128.load(y, 32) : zero, s3 = goesOn ? v128.load(y, 48) : zero;
  for (; k > 0; k--, a += a_step, b += b_step) {
    const a0 = isVector ? v128.load(a) : v128.load32_splat(a);
    const a1 = isVector ? v128.load(a, 16) : a0;
    const a2 = isVector ? v128.load(a, 32) : a0, a3 = isVector ? v128.load(a, 48) : a0;
    const p0 = f32x4.mul(a0, v128.load(b)), p1 = f32x4.mul(a1, v128.load(b, 16));
    const p2 = f32x4.mul(a2, v128.load(b, 32)), p3 = f32x4.mul(a3, v128.load(b, 48));
    s0 = step(isBf16, table, s0, p0, magnitude, one, half, kept);
    s1 = step(isBf16, table, s1, p1, magnitude, one, half, kept);
    s2 = step(isBf16, table, s2, p2, magnitude, one, half, kept);
    s3 = step(isBf16, table, s3, p3, magnitude, one, half, kept);
  }
  store_words(y, s0, n);
  if (n > 4) store_words(y + 16, s1, n - 4);
  if (n > 8) store_words(y + 32, s2, n - 8);
  if (n > 12) store_words(y + 48, s3, n - 12);
}

/**
 * A row y[j] = Σ a[k]·b[k][j], or a[k][j]·b[k][j] where `isVector`; steps are bytes from k to k + 1. Rows of a, b and y may be read up to
 * 60 bytes beyond n.
 *
 * @param sums What sums are kept as, a value of the attribute.
 * @param goesOn Whether y has the sums of the steps before.
 */
export function add_row_16(
  sums: i32,
  isVector: bool,
  a: usize,
  a_step: usize,
  b: usize,
  b_step: usize,
  k: i32,
  y: usize,
  n: i32,
  goesOn: bool,
): void {
  const move: usize = isVector ? 64 : 0;
  for (; n > 0; n -= 16, a += move, b += 64, y += 64) {
    if (sums == SUMS_BF16) {
      if (isVector) add_columns(true, true, a, a_step, b, b_step, k, y, n, goesOn);
      else add_columns(true, false, a, a_step, b, b_step, k, y, n, goesOn);
    } else {
      if (isVector) add_columns(false, true, a, a_step, b, b_step, k, y, n, goesOn);
      else add_columns(false, false, a, a_step, b, b_step, k, y, n, goesOn);
    }
  }
}

/** Adds a bias to a row, in float32. */
export function add_bias(y: usize, bias: usize, n: i32): void {
  if (!bias) return;
  for (; n > 0; n -= 4, y += 16, bias += 16) {
    store_words(y, f32x4.add(v128.load(y), v128.load(bias)), n);
  }
}

/** [rows][columns] to [columns][rows], of words. */
export function turn_rows(from: usize, ld: usize, rows: i32, columns: i32, to: usize): void {
  const step = <usize> rows << 2;
  for (; rows > 0; rows--, from += ld, to += 4) {
    let at = to;
    for (let c: usize = 0; c < <usize> columns << 2; c += 4, at += step) {
      store<u32>(at, load<u32>(from + c));
    }
  }
}

/** Bytes of a turned matrix, and what is read beyond it. */
export function turned_bytes_16(rows: i32, columns: i32): usize {
  return <usize> rows * <usize> columns * 4 + 128;
}

/** y[m][n] = Σ a[i][k]·b[k][n] (+ bias); `lda` is from row to row of y, `a_step` from k to k + 1. */
export function matmul_16(
  sums: i32,
  a: usize,
  lda: usize,
  a_step: usize,
  b: usize,
  ldb: usize,
  bias: usize,
  y: usize,
  ldy: usize,
  m: i32,
  k: i32,
  n: i32,
): void {
  for (; m > 0; m--, a += lda, y += ldy) {
    add_row_16(sums, false, a, a_step, b, ldb, k, y, n, false);
    add_bias(y, bias, n);
  }
}
