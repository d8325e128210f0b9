// The inner loops over weights of 4 bits (panel_8x8_u4). Codes c are 0…15, and Σ x·f·(c − z) = Σ f·(Σ x·c) − Σ f·z·(Σ x) by groups of columns:
// here the first sum is made. Folds of at most 8 steps of four k never cross a group.
//
//   relaxed  codes are the second operand of the dot product in pairs on every host; a fold is summed in 16 bits, |Σ| ≤ 8·2·128·15 = 30720, then
//            multiplied by the factors and widened in one instruction
//   else     products of 16 bits; sixteen bits of a panel hold four k, taken by shifts and masks
//
// Factors lie as f0 f0 f1 f1 f2 f2 f3 f3 | f4 … f7 f7, i16, 64 bytes apart (gemm_w4.ts). Sums wrap modulo 2^32.
import { dot_pairs } from "./dot";
import { store_rows_i32, turn1, turn2, turn3 } from "./microkernels";

/** Bytes from the factors of a fold to the next. */
export const FOLD_BYTES: usize = 64;

const MASK: usize = memory.data<u8>([15, 15, 15, 0, 255, 255, 0, 0], 8);

// @ts-ignore: decorator
@inline
function add_dot(c: v128, a: v128, b: v128): v128 {
  return i16x8.add(c, dot_pairs(a, b));
}

// @ts-ignore: decorator
@inline
function folded(t: v128, c: v128, f: v128): v128 {
  return i32x4.add(t, i32x4.dot_i16x8_s(c, f));
}

/**
 * c[4][8] += Σ f·(X·C).
 * @param a one i8 A panel of 4 rows, 16 bytes a step
 * @param b codes as bytes [k4][8][4]
 * @param factors of the first fold
 * @param steps steps of four k
 * @param fold steps of a fold, at most 8
 */
export function mk_w4_4x8(
  a: usize,
  b: usize,
  c: usize,
  factors: usize,
  steps: i32,
  fold: i32,
): void {
  if (ASC_FEATURE_RELAXED_SIMD) {
    let t00 = i32x4.splat(0),
      t01 = t00,
      t10 = t00,
      t11 = t00,
      t20 = t00,
      t21 = t00,
      t30 = t00,
      t31 = t00;
    for (; steps > 0; steps -= fold, factors += FOLD_BYTES) {
      let c00 = i32x4.splat(0),
        c01 = c00,
        c10 = c00,
        c11 = c00,
        c20 = c00,
        c21 = c00,
        c30 = c00,
        c31 = c00;
      for (const end = a + (<usize> min(fold, steps) << 4); a < end; a += 16, b += 32) {
        const b0 = v128.load(b), b1 = v128.load(b, 16), a0 = v128.load(a);
        c00 = add_dot(c00, a0, b0);
        c01 = add_dot(c01, a0, b1);
        const a1 = turn1(a0);
        c10 = add_dot(c10, a1, b0);
        c11 = add_dot(c11, a1, b1);
        const a2 = turn2(a0);
        c20 = add_dot(c20, a2, b0);
        c21 = add_dot(c21, a2, b1);
        const a3 = turn3(a0);
        c30 = add_dot(c30, a3, b0);
        c31 = add_dot(c31, a3, b1);
      }
      const f0 = v128.load(factors), f1 = v128.load(factors, 16);
      t00 = folded(t00, c00, f0);
      t10 = folded(t10, c10, f0);
      t20 = folded(t20, c20, f0);
      t30 = folded(t30, c30, f0);
      t01 = folded(t01, c01, f1);
      t11 = folded(t11, c11, f1);
      t21 = folded(t21, c21, f1);
      t31 = folded(t31, c31, f1);
    }
    store_rows_i32(c, 32, t00, t10, t20, t30, 1);
    store_rows_i32(c + 16, 32, t01, t11, t21, t31, 1);
  }
}

/** c[8] += Σ f·(x·C), one row over one panel of nibbles; a is zero to a multiple of 8 k. Blocks of 8 k, `fold` of them a fold. */
export function mk_w4_1x8_dot(
  a: usize,
  panel: usize,
  c: usize,
  factors: usize,
  blocks: i32,
  fold: i32,
): void {
  if (ASC_FEATURE_RELAXED_SIMD) {
    const mask = v128.load8_splat(MASK);
    let t0 = v128.load(c), t1 = v128.load(c, 16);
    for (; blocks > 0; blocks -= fold, factors += FOLD_BYTES) {
      let c0 = i32x4.splat(0), c1 = c0;
      for (const end = a + (<usize> min(fold, blocks) << 3); a < end; a += 8, panel += 32) {
        const v0 = v128.load(panel), v1 = v128.load(panel, 16);
        let x = v128.load32_splat(a);
        c0 = add_dot(c0, x, v128.and(v0, mask));
        c1 = add_dot(c1, x, v128.and(v1, mask));
        x = v128.load32_splat(a, 4);
        c0 = add_dot(c0, x, v128.and(i16x8.shr_u(v0, 4), mask));
        c1 = add_dot(c1, x, v128.and(i16x8.shr_u(v1, 4), mask));
      }
      t0 = folded(t0, c0, v128.load(factors));
      t1 = folded(t1, c1, v128.load(factors, 16));
    }
    v128.store(c, t0);
    v128.store(c, t1, 16);
  }
}

// @ts-ignore: decorator
@inline
function mul_add(c: v128, a: v128, b: v128): v128 {
  return i32x4.add(c, i32x4.dot_i16x8_s(a, b));
}

/** The same without relaxed SIMD; a is i16, of each 8 k those at 0 2, 4 6, 1 3, 5 7. */
export function mk_w4_1x8(
  a: usize,
  panel: usize,
  c: usize,
  factors: usize,
  blocks: i32,
  fold: i32,
): void {
  const mask = v128.load16_splat(MASK + 2), low = v128.load32_splat(MASK + 4);
  let t0 = v128.load(c), t1 = v128.load(c, 16);
  for (; blocks > 0; blocks -= fold, factors += FOLD_BYTES) {
    let c0 = i32x4.splat(0), c1 = c0;
    for (const end = a + (<usize> min(fold, blocks) << 4); a < end; a += 16, panel += 32) {
      const v0 = v128.load(panel), v1 = v128.load(panel, 16);
      let x = v128.load32_splat(a);
      c0 = mul_add(c0, x, v128.and(v0, mask));
      c1 = mul_add(c1, x, v128.and(v1, mask));
      x = v128.load32_splat(a, 4);
      c0 = mul_add(c0, x, v128.and(i16x8.shr_u(v0, 4), mask));
      c1 = mul_add(c1, x, v128.and(i16x8.shr_u(v1, 4), mask));
      x = v128.load32_splat(a, 8);
      c0 = mul_add(c0, x, v128.and(i16x8.shr_u(v0, 8), mask));
      c1 = mul_add(c1, x, v128.and(i16x8.shr_u(v1, 8), mask));
      x = v128.load32_splat(a, 12);
      c0 = mul_add(c0, x, i16x8.shr_u(v0, 12));
      c1 = mul_add(c1, x, i16x8.shr_u(v1, 12));
    }
    t0 = i32x4.add(t0, i32x4.mul(c0, v128.and(v128.load(factors), low)));
    t1 = i32x4.add(t1, i32x4.mul(c1, v128.and(v128.load(factors, 16), low)));
  }
  v128.store(c, t0);
  v128.store(c, t1, 16);
}
