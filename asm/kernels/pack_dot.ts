// Packing of activations as the second operand of the dot product (gemm_dot.ts has the digits): tiles of `height` rows, 4 or 6, each
// [k/4] steps of row after row of 4 bytes; from row `low` on a tile of 4, so that its last rows need not be computed. With 16 bits the steps of the
// high digits come first, then those of the low ones. Rows past m repeat the last row or are whatever was there: their results are dropped.
import { dot } from "./dot";
import { DOT_SIGNED, DOT_UNSIGNED } from "./dot_forms";
import { mask_first, store_steps } from "./pack";

/** Four i8 rows from row `first` on; see `pack_four`. */
function pack_rows(
  x: usize,
  ld: usize,
  first: i32,
  m: i32,
  k: i32,
  to: usize,
  step: usize,
  flip: i32,
): void {
  const last = m - 1;
  pack_four(
    x + <usize> min(first, last) * ld,
    x + <usize> min(first + 1, last) * ld,
    x + <usize> min(first + 2, last) * ld,
    x + <usize> min(first + 3, last) * ld,
    k,
    to,
    step,
    flip,
  );
}

/** Four i8 rows, 16 columns in each turn → steps of 16 bytes, `step` bytes apart, bits of `flip` inverted. Past k: 0. */
export function pack_four(
  p0: usize,
  p1: usize,
  p2: usize,
  p3: usize,
  k: i32,
  to: usize,
  step: usize,
  flip: i32,
): void {
  const f = i8x16.splat(<i8> flip);
  for (
    let left = k;
    left > 0;
    left -= 16, p0 += 16, p1 += 16, p2 += 16, p3 += 16, to += step << 2
  ) {
    let r0 = v128.load(p0), r1 = v128.load(p1), r2 = v128.load(p2), r3 = v128.load(p3);
    if (left < 16) {
      const keep = mask_first(left);
      r0 = v128.and(r0, keep), r1 = v128.and(r1, keep);
      r2 = v128.and(r2, keep), r3 = v128.and(r3, keep);
    }
    store_steps(
      to,
      step,
      v128.xor(r0, f),
      v128.xor(r1, f),
      v128.xor(r2, f),
      v128.xor(r3, f),
      (left + 3) >> 2,
    );
  }
}

/** i8 rows → tiles of x + 128 (`unsigned`) or x. Past k: x = 0. Writes up to 8 bytes past the last tile. */
export function pack_a_bytes(
  x: usize,
  ld: usize,
  m: i32,
  k: i32,
  to: usize,
  form: i32,
  height: i32,
  low: i32,
): void {
  const flip = form == DOT_UNSIGNED ? 128 : 0, steps = <usize> ((k + 3) >> 2);
  for (let i = 0; i < m; i += height) {
    const rows = i < low ? height : 4, step = <usize> rows << 2;
    // four rows from the fifth on; the last two of them are overwritten by the first ones of the next step
    if (rows > 4) pack_rows(x, ld, i + 4, m, k, to + 16, step, flip);
    pack_rows(x, ld, i, m, k, to, step, flip);
    to += step * steps;
  }
}

/** factor·Σ_k of i8 rows → i32[m]. */
export function row_sums(x: usize, ld: usize, m: i32, k: i32, factor: i32, to: usize): void {
  for (; m > 0; m--, x += ld, to += 4) store<i32>(to, factor ? factor * sum_row(x, k) : 0);
}

// u7 ones
export const ONES: usize = memory.data<u8>([1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1], 16);

/** Σ of `count` i8. A vector read may pass the end. */
function sum_row(a: usize, count: i32): i32 {
  const ones = v128.load(ONES);
  let s = i32x4.splat(0);
  for (; count > 0; count -= 16, a += 16) {
    let v = v128.load(a);
    if (count < 16) v = v128.and(v, mask_first(count));
    s = dot(v, ones, s);
  }
  s = i32x4.add(s, v128.shuffle<i64>(s, s, 1, 0));
  return i32x4.extract_lane(s, 0) + i32x4.extract_lane(s, 1);
}

/**
 * i16 rows → tiles of two digits. Past k: x = 0. `sums` i32[m] receives −offset·Σ_k x[row][k].
 */
export function pack_a_digits(
  x: usize,
  ld: usize,
  m: i32,
  k: i32,
  to: usize,
  sums: usize,
  offset: i32,
  form: i32,
  height: i32,
  low: i32,
): void {
  const half = i16x8.splat(-32768),
    digit = i16x8.splat(255),
    flip = i8x16.splat(form == DOT_SIGNED ? -128 : 0);
  const k4 = <usize> ((k + 3) & ~3);
  for (let i = 0; i < m; i++) {
    const from = x + <usize> i * ld, row = i % height, first = i - row;
    const step = <usize> (first < low ? height : 4) << 2, size = k4 * (step >> 2);
    let h = to + <usize> first * (k4 << 1) + (<usize> row << 2), sum = i32x4.splat(0);
    for (let left = k; left > 0; left -= 8, h += step << 1) {
      let v = v128.load(from + (<usize> (k - left) << 1));
      if (left < 8) v = v128.and(v, mask_first(left << 1));
      sum = i32x4.add(sum, i32x4.extadd_pairwise_i16x8_s(v));
      v = i16x8.add(v, half);
      const digits = v128.xor(
        i8x16.narrow_i16x8_u(i16x8.shr_u(v, 8), v128.and(v, digit)),
        flip,
      );
      v128.store32_lane(h, digits, 0);
      v128.store32_lane(h + size, digits, 2);
      if (left > 4) {
        v128.store32_lane(h + step, digits, 1);
        v128.store32_lane(h + step + size, digits, 3);
      }
    }
    const s = i32x4.add(sum, v128.shuffle<i64>(sum, sum, 1, 0));
    store<i32>(
      sums + (<usize> i << 2),
      -offset * (i32x4.extract_lane(s, 0) + i32x4.extract_lane(s, 1)),
    );
  }
}

/**
 * i8 rows X [rows][k], used transposed (as K in Q·Kᵀ) → panels [⌈rows/8⌉][k/4][8][4], the signed operand. k past the end is zero; columns past
 * `rows` repeat the last row.
 */
export function pack_b_transposed(x: usize, ld: usize, rows: i32, k: i32, to: usize): void {
  const size = <usize> ((k + 3) >> 2) << 5;
  for (let j = 0; j < ((rows + 7) & ~7); j += 4) {
    pack_rows(x, ld, j, rows, k, to + <usize> (j >> 3) * size + (<usize> (j & 4) << 2), 32, 0);
  }
}

/**
 * i8 rows X [k][columns] (as V in P·V) → panels [⌈columns/8⌉][⌈k/8⌉·2][8][4], the signed operand. k past the end is zero; columns past the end
 * hold what follows the row: their results are dropped.
 */
export function pack_b_rows(x: usize, ld: usize, k: i32, columns: i32, to: usize): void {
  const steps = ((k + 7) >> 3) << 1, zero = i32x4.splat(0);
  for (let j = 0; j < columns; j += 8) {
    let p = x + <usize> j;
    for (let i = 0; i < steps << 2; i += 4, p += ld << 2, to += 32) {
      const r0 = i < k ? v128.load64_zero(p) : zero,
        r1 = i + 1 < k ? v128.load64_zero(p + ld) : zero,
        r2 = i + 2 < k ? v128.load64_zero(p + 2 * ld) : zero,
        r3 = i + 3 < k ? v128.load64_zero(p + 3 * ld) : zero;
      store_interleaved(to, r0, r1, r2, r3);
    }
  }
}

/** Eight columns of four rows as one step of a panel. */
// @ts-ignore: decorator
@inline
export function store_interleaved(to: usize, r0: v128, r1: v128, r2: v128, r3: v128): void {
  const u = v128.shuffle<i8>(r0, r1, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23),
    v = v128.shuffle<i8>(r2, r3, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  v128.store(to, v128.shuffle<i16>(u, v, 0, 8, 1, 9, 2, 10, 3, 11));
  v128.store(to, v128.shuffle<i16>(u, v, 4, 12, 5, 13, 6, 14, 7, 15), 16);
}
