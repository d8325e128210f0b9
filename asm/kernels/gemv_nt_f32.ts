// y[n] = b·a (+ bias) for one row a and b [n][k] as it is stored, 16-bit floats widened on the way: each weight is read once, and
// nothing is packed. k ascending in one accumulator of an output, each product and each sum rounded, as gemm_f32.ts. Eight rows of b
// at a time: more of them, a power of two apart, would not stay in the nearest cache.
import { DTYPE_BF16, DTYPE_F16, DTYPE_F32 } from "../generated/format";
import { store_words } from "./tail";

/** Sign and magnitude of f16 in place, 2^112; twice the infinity of f16 in 16-bit lanes; 2^13 for either half; the upper half. */
// @ts-ignore: decorator
@inline
function constants(): usize {
  return memory.data<u32>([0x8fffe000, 0x77800000, 0xf800f800, 0x2000, 0x20000000, 0xffff0000], 16);
}

/**
 * Elements of a step in float32: of halves the first or, `isOdd`, the second of each pair. Those of f16 are 2^-112 times what they are,
 * where they are finite: a product with 2^13 in integers moves them to their places, the sign with them.
 */
// @ts-ignore: decorator
@inline
function elements(pairs: v128, isOdd: bool, dtype: i32, place: v128, keep: v128): v128 {
  if (dtype == DTYPE_F32) return pairs;
  if (dtype == DTYPE_F16) return v128.and(i32x4.dot_i16x8_s(pairs, place), keep);
  return isOdd ? v128.and(pairs, keep) : i32x4.shl(pairs, 16);
}

// @ts-ignore: decorator
@inline
function add_product(sum: v128, column: v128, factor: v128): v128 {
  return f32x4.add(sum, f32x4.mul(column, factor));
}

/** Adds `left` products, of any type, to four sums: for ends of rows, and where there are infinities or NaNs. */
function add_steps(
  sum: v128,
  p0: usize,
  p1: usize,
  p2: usize,
  p3: usize,
  a: usize,
  left: i32,
  dtype: i32,
): v128 {
  for (; left > 0; left--, a += 4) {
    let column = i32x4.splat(0);
    if (dtype == DTYPE_F32) {
      column = v128.load32_lane(
        p3,
        v128.load32_lane(p2, v128.load32_lane(p1, v128.load32_lane(p0, column, 0), 1), 2),
        3,
      );
      p0 += 4, p1 += 4, p2 += 4, p3 += 4;
    } else {
      column = i32x4.replace_lane(column, 0, load<u16>(p0));
      column = i32x4.replace_lane(column, 1, load<u16>(p1));
      column = i32x4.replace_lane(column, 2, load<u16>(p2));
      column = i32x4.replace_lane(column, 3, load<u16>(p3));
      column = dtype == DTYPE_BF16 ? i32x4.shl(column, 16) : any_f16(column);
      p0 += 2, p1 += 2, p2 += 2, p3 += 2;
    }
    sum = f32x4.add(sum, f32x4.mul(column, v128.load32_splat(a)));
  }
  return sum;
}

/** f16 in 32-bit lanes, infinities and NaNs among them; which bits a NaN has is not seen. */
function any_f16(bits: v128): v128 {
  const sign = i32x4.shr_s(i32x4.shl(bits, 16), 16), table = constants();
  const placed = v128.and(i32x4.shl(sign, 13), v128.load32_splat(table));
  const x = f32x4.mul(placed, v128.load32_splat(table, 4));
  const special = f32x4.ge(f32x4.abs(x), f32x4.splat(65536));
  return v128.or(x, v128.and(special, i32x4.splat(0x7f800000)));
}

/** The largest magnitudes of f16, twice themselves, in 16-bit lanes. */
// @ts-ignore: decorator
@inline
function larger(most: v128, pairs: v128): v128 {
  return i16x8.max_u(most, i16x8.shl(pairs, 1));
}

/**
 * Writes a times 2^112, by which f16 that are moved to their places in float32, and no more, become what they are: exact where all of
 * a are below 2^16, which it returns.
 */
function scale_row(a: usize, k: i32, to: usize): bool {
  const scale = v128.load32_splat(constants(), 4);
  let most = f32x4.splat(0);
  for (let left = k; left > 0; left -= 4, a += 16, to += 16) {
    const x = v128.load(a);
    if (left >= 4) most = f32x4.max(most, f32x4.abs(x));
    else {for (let i: usize = 0; i < <usize> left << 2; i += 4) {
        most = f32x4.max(most, f32x4.abs(v128.load32_splat(a + i)));
      }}
    store_words(to, f32x4.mul(x, scale), left);
  }
  return !v128.any_true(f32x4.ge(most, f32x4.splat(65536))) && i32x4.all_true(f32x4.eq(most, most));
}

/**
 * @param dtype Of b.
 * @param scratch As large as a, and 16 bytes.
 */
export function gemv_nt_f32(
  a: usize,
  b: usize,
  ldb: usize,
  dtype: i32,
  bias: usize,
  y: usize,
  k: i32,
  n: i32,
  scratch: usize,
): void {
  if (dtype == DTYPE_F32) rows(DTYPE_F32, a, a, b, ldb, bias, y, k, n);
  else if (dtype == DTYPE_BF16) rows(DTYPE_BF16, a, a, b, ldb, bias, y, k, n);
  else {
    const scaled = scratch + 15 & ~15;
    rows(DTYPE_F16, a, scale_row(a, k, scaled) ? scaled : 0, b, ldb, bias, y, k, n);
  }
}

/** Eight outputs at a time; those that are not there are the last row again. The type is a constant. */
// @ts-ignore: decorator
@inline
function rows(
  dtype: i32,
  a: usize,
  scaled: usize,
  b: usize,
  ldb: usize,
  bias: usize,
  y: usize,
  k: i32,
  n: i32,
): void {
  const table = constants(), steps = dtype == DTYPE_F32 ? 4 : 8;
  const keep = dtype == DTYPE_BF16 ? v128.load32_splat(table, 20) : v128.load32_splat(table);
  const first_half = v128.load32_splat(table, 12), second_half = v128.load32_splat(table, 16);
  const limit = v128.load32_splat(table, 8);
  for (let j = 0; j < n; j += 8) {
    const last = n - 1 - j, first = b + <usize> j * ldb;
    let p0 = first, p1 = first + <usize> min(1, last) * ldb;
    let p2 = first + <usize> min(2, last) * ldb, p3 = first + <usize> min(3, last) * ldb;
    let p4 = first + <usize> min(4, last) * ldb, p5 = first + <usize> min(5, last) * ldb;
    let p6 = first + <usize> min(6, last) * ldb, p7 = first + <usize> min(7, last) * ldb;
    let s0 = f32x4.splat(0), s1 = s0, x = a, left = k;
    if (dtype != DTYPE_F16 || scaled != 0) {
      const q0 = p0, q1 = p1, q2 = p2, q3 = p3, q4 = p4, q5 = p5, q6 = p6, q7 = p7;
      let most = f32x4.splat(0), by = scaled;
      for (; left >= steps; left -= steps) {
        // Rows turned: lanes are rows, and vectors go by elements of float32, or by pairs of halves.
        const r0 = v128.load(p0), r1 = v128.load(p1), r2 = v128.load(p2), r3 = v128.load(p3);
        const x0 = v128.shuffle<i32>(r0, r1, 0, 4, 1, 5),
          x1 = v128.shuffle<i32>(r0, r1, 2, 6, 3, 7);
        const x2 = v128.shuffle<i32>(r2, r3, 0, 4, 1, 5),
          x3 = v128.shuffle<i32>(r2, r3, 2, 6, 3, 7);
        const r4 = v128.load(p4), r5 = v128.load(p5), r6 = v128.load(p6), r7 = v128.load(p7);
        const y0 = v128.shuffle<i32>(r4, r5, 0, 4, 1, 5),
          y1 = v128.shuffle<i32>(r4, r5, 2, 6, 3, 7);
        const y2 = v128.shuffle<i32>(r6, r7, 0, 4, 1, 5),
          y3 = v128.shuffle<i32>(r6, r7, 2, 6, 3, 7);
        let u = v128.shuffle<i64>(x0, x2, 0, 2), v = v128.shuffle<i64>(y0, y2, 0, 2);
        if (dtype == DTYPE_F16) most = larger(larger(most, u), v);
        let t = v128.load32_splat(by);
        by += 4;
        s0 = add_product(s0, elements(u, false, dtype, first_half, keep), t);
        s1 = add_product(s1, elements(v, false, dtype, first_half, keep), t);
        if (dtype != DTYPE_F32) {
          t = v128.load32_splat(by), by += 4;
          s0 = add_product(s0, elements(u, true, dtype, second_half, keep), t);
          s1 = add_product(s1, elements(v, true, dtype, second_half, keep), t);
        }
        u = v128.shuffle<i64>(x0, x2, 1, 3), v = v128.shuffle<i64>(y0, y2, 1, 3);
        if (dtype == DTYPE_F16) most = larger(larger(most, u), v);
        t = v128.load32_splat(by), by += 4;
        s0 = add_product(s0, elements(u, false, dtype, first_half, keep), t);
        s1 = add_product(s1, elements(v, false, dtype, first_half, keep), t);
        if (dtype != DTYPE_F32) {
          t = v128.load32_splat(by), by += 4;
          s0 = add_product(s0, elements(u, true, dtype, second_half, keep), t);
          s1 = add_product(s1, elements(v, true, dtype, second_half, keep), t);
        }
        u = v128.shuffle<i64>(x1, x3, 0, 2), v = v128.shuffle<i64>(y1, y3, 0, 2);
        if (dtype == DTYPE_F16) most = larger(larger(most, u), v);
        t = v128.load32_splat(by), by += 4;
        s0 = add_product(s0, elements(u, false, dtype, first_half, keep), t);
        s1 = add_product(s1, elements(v, false, dtype, first_half, keep), t);
        if (dtype != DTYPE_F32) {
          t = v128.load32_splat(by), by += 4;
          s0 = add_product(s0, elements(u, true, dtype, second_half, keep), t);
          s1 = add_product(s1, elements(v, true, dtype, second_half, keep), t);
        }
        u = v128.shuffle<i64>(x1, x3, 1, 3), v = v128.shuffle<i64>(y1, y3, 1, 3);
        if (dtype == DTYPE_F16) most = larger(larger(most, u), v);
        t = v128.load32_splat(by), by += 4;
        s0 = add_product(s0, elements(u, false, dtype, first_half, keep), t);
        s1 = add_product(s1, elements(v, false, dtype, first_half, keep), t);
        if (dtype != DTYPE_F32) {
          t = v128.load32_splat(by), by += 4;
          s0 = add_product(s0, elements(u, true, dtype, second_half, keep), t);
          s1 = add_product(s1, elements(v, true, dtype, second_half, keep), t);
        }
        p0 += 16, p1 += 16, p2 += 16, p3 += 16, p4 += 16, p5 += 16, p6 += 16, p7 += 16;
      }
      x += <usize> (k - left) << 2;
      if (dtype == DTYPE_F16 && v128.any_true(i16x8.ge_u(most, limit))) {
        // Infinities or NaNs: once more, one step after the other.
        s0 = f32x4.splat(0), s1 = s0, x = a, left = k;
        p0 = q0, p1 = q1, p2 = q2, p3 = q3, p4 = q4, p5 = q5, p6 = q6, p7 = q7;
      }
    }
    s0 = add_steps(s0, p0, p1, p2, p3, x, left, dtype);
    s1 = add_steps(s1, p4, p5, p6, p7, x, left, dtype);
    const to = y + (<usize> j << 2), from = bias + (<usize> j << 2);
    store_words(to, bias ? f32x4.add(s0, v128.load(from)) : s0, n - j);
    if (last >= 4) store_words(to + 16, bias ? f32x4.add(s1, v128.load(from, 16)) : s1, n - j - 4);
  }
}
