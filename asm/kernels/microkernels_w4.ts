// The inner loops over weights of 4 bits (panel_8x16_u4). Codes c are 0…15, and by groups of columns Σ x·f·(c − z) = Σ f·(Σ x·c) − Σ f·z·(Σ x).
//
//   relaxed  codes are the second operand of the dot product in pairs on every host; of 32 k at most the sums stay in 16 bits,
//            |Σ| ≤ 8·2·128·15 = 30720, then they are multiplied by the factors and widened in one instruction
//   else     products of 16 bits; sixteen bits of a panel hold four k, taken by shifts and masks
//
// All sums wrap modulo 2^32.
import { dot_pairs } from "./dot";
import { add_rows_i32, turn1, turn2, turn3 } from "./microkernels";

/** Bytes from the factors of 32 k to the next (gemm_w4.ts). */
export const FOLD_BYTES: usize = 64;

/** Groups of eight rows of weights, as a panel has them, and sums of x. */
// @ts-ignore: decorator
@unmanaged
export class Groups {
  /** u8 [groups][8]; factors may be 0: they are 1. */
  zeros: usize;
  factors: usize;
  count: i32;
  /** Blocks of 16 k of a group, and of all of k. */
  blocks: i32;
  all: i32;

  /** Factors of the group at `at`, i16[8]. */
  // @ts-ignore: decorator
  @inline
  factor(at: usize): v128 {
    return this.factors ? v128.load8x8_u(this.factors + at) : i16x8.splat(1);
  }

  /** Zero points: the low four bits. */
  // @ts-ignore: decorator
  @inline
  zero(at: usize): v128 {
    return v128.and(v128.load8x8_u(this.zeros + at), i16x8.splat(15));
  }

  /** Where the group behind that of a chunk of columns is: the last one has the rest. */
  // @ts-ignore: decorator
  @inline
  next(at: usize): usize {
    return min(at + 8, <usize> (this.count - 1) << 3);
  }
}

// 15 in every byte, in every 16 bits; the low half of every 32
const MASK: usize = memory.data<u8>([15, 15, 15, 0, 255, 255, 0, 0], 8);

// @ts-ignore: decorator
@inline
function add_dot(c: v128, a: v128, b: v128): v128 {
  return i16x8.add(c, dot_pairs(a, b));
}

// @ts-ignore: decorator
@inline
function mul_add(c: v128, a: v128, b: v128): v128 {
  return i32x4.add(c, i32x4.dot_i16x8_s(a, b));
}

/** The first four of eight i16, twice each; and the last four. */
// @ts-ignore: decorator
@inline
export function low_twice(v: v128): v128 {
  return v128.shuffle<i16>(v, v, 0, 0, 1, 1, 2, 2, 3, 3);
}
// @ts-ignore: decorator
@inline
export function high_twice(v: v128): v128 {
  return v128.shuffle<i16>(v, v, 4, 4, 5, 5, 6, 6, 7, 7);
}

/**
 * c[4][8] += Σ f·(X·C).
 * @param a one i8 A panel of 4 rows, 16 bytes a step
 * @param b codes as bytes [k4][8][4]
 * @param factors of the first steps: f0 f0 f1 f1 f2 f2 f3 f3 | f4 … f7 f7, i16
 * @param steps steps of four k
 * @param fold steps that have one factor, at most 8
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
      t00 = mul_add(t00, c00, f0);
      t10 = mul_add(t10, c10, f0);
      t20 = mul_add(t20, c20, f0);
      t30 = mul_add(t30, c30, f0);
      t01 = mul_add(t01, c01, f1);
      t11 = mul_add(t11, c11, f1);
      t21 = mul_add(t21, c21, f1);
      t31 = mul_add(t31, c31, f1);
    }
    add_rows_i32(c, t00, t10, t20, t30, 1);
    add_rows_i32(c + 16, t01, t11, t21, t31, 1);
  }
}

/**
 * c i32[8] = Σ f·(Σ x·c − z·Σ x): one row over one panel of nibbles.
 * @param a i8, zero to a multiple of 16 k
 * @param sums i16, Σ x of each chunk of as many columns as a group has
 */
export function mk_w4_1x8_dot(g: Groups, a: usize, sums: usize, panel: usize, c: usize): void {
  if (ASC_FEATURE_RELAXED_SIMD) {
    const mask = v128.load8_splat(MASK);
    let t0 = i32x4.splat(0), t1 = t0, at: usize = 0;
    for (let left = g.all; left > 0; left -= g.blocks, sums += 2, at = g.next(at)) {
      const f = g.factor(at), x = v128.load16_splat(sums), taken = i16x8.mul(f, g.zero(at));
      const f0 = low_twice(f), f1 = high_twice(f);
      t0 = i32x4.sub(t0, i32x4.extmul_low_i16x8_s(taken, x));
      t1 = i32x4.sub(t1, i32x4.extmul_high_i16x8_s(taken, x));
      for (let blocks = min(left, g.blocks); blocks > 0; blocks -= 2) {
        let c0 = i32x4.splat(0), c1 = c0;
        for (const end = a + (<usize> min(blocks, 2) << 4); a < end; a += 16, panel += 64) {
          const row = v128.load(a);
          let v0 = v128.load(panel), v1 = v128.load(panel, 16);
          let t = v128.shuffle<i32>(row, row, 0, 0, 0, 0);
          c0 = add_dot(c0, t, v128.and(v0, mask));
          c1 = add_dot(c1, t, v128.and(v1, mask));
          t = v128.shuffle<i32>(row, row, 1, 1, 1, 1);
          c0 = add_dot(c0, t, v128.and(i16x8.shr_u(v0, 4), mask));
          c1 = add_dot(c1, t, v128.and(i16x8.shr_u(v1, 4), mask));
          v0 = v128.load(panel, 32), v1 = v128.load(panel, 48);
          t = v128.shuffle<i32>(row, row, 2, 2, 2, 2);
          c0 = add_dot(c0, t, v128.and(v0, mask));
          c1 = add_dot(c1, t, v128.and(v1, mask));
          t = v128.shuffle<i32>(row, row, 3, 3, 3, 3);
          c0 = add_dot(c0, t, v128.and(i16x8.shr_u(v0, 4), mask));
          c1 = add_dot(c1, t, v128.and(i16x8.shr_u(v1, 4), mask));
        }
        t0 = mul_add(t0, c0, f0);
        t1 = mul_add(t1, c1, f1);
      }
    }
    v128.store(c, t0);
    v128.store(c, t1, 16);
  }
}

/** The same without relaxed SIMD; a is i16, of each 8 k those at 0 2, 4 6, 1 3, 5 7. */
export function mk_w4_1x8(g: Groups, a: usize, sums: usize, panel: usize, c: usize): void {
  const mask = v128.load16_splat(MASK + 2), low = v128.load32_splat(MASK + 4);
  let t0 = i32x4.splat(0), t1 = t0, at: usize = 0;
  for (let left = g.all; left > 0; left -= g.blocks, sums += 2, at = g.next(at)) {
    const f = g.factor(at), x = v128.load16_splat(sums), taken = i16x8.mul(f, g.zero(at));
    t0 = i32x4.sub(t0, i32x4.extmul_low_i16x8_s(taken, x));
    t1 = i32x4.sub(t1, i32x4.extmul_high_i16x8_s(taken, x));
    let c0 = i32x4.splat(0), c1 = c0;
    for (
      const end = a + (<usize> min(left, g.blocks) << 5);
      a < end;
      a += 16, panel += 32
    ) {
      const row = v128.load(a), v0 = v128.load(panel), v1 = v128.load(panel, 16);
      let t = v128.shuffle<i32>(row, row, 0, 0, 0, 0);
      c0 = mul_add(c0, t, v128.and(v0, mask));
      c1 = mul_add(c1, t, v128.and(v1, mask));
      t = v128.shuffle<i32>(row, row, 1, 1, 1, 1);
      c0 = mul_add(c0, t, v128.and(i16x8.shr_u(v0, 4), mask));
      c1 = mul_add(c1, t, v128.and(i16x8.shr_u(v1, 4), mask));
      t = v128.shuffle<i32>(row, row, 2, 2, 2, 2);
      c0 = mul_add(c0, t, v128.and(i16x8.shr_u(v0, 8), mask));
      c1 = mul_add(c1, t, v128.and(i16x8.shr_u(v1, 8), mask));
      t = v128.shuffle<i32>(row, row, 3, 3, 3, 3);
      c0 = mul_add(c0, t, i16x8.shr_u(v0, 12));
      c1 = mul_add(c1, t, i16x8.shr_u(v1, 12));
    }
    t0 = i32x4.add(t0, i32x4.mul(c0, v128.and(low_twice(f), low)));
    t1 = i32x4.add(t1, i32x4.mul(c1, v128.and(high_twice(f), low)));
  }
  v128.store(c, t0);
  v128.store(c, t1, 16);
}
