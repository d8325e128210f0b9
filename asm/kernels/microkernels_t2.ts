// The inner loops over ternary weights. Codes are t + 1 in 0…2, so Σ x·t = Σ x·code − Σ x; the second sum is the `correction`.
//
// Exactness. A code is a legal second operand of the relaxed dot also when multiplied by 4 or by 16 (at most 32 ≤ 127). x is −128…127:
//   i32 lanes: scaled by 16 they hold half of all k, so |Σ| ≤ 16·2·128·k/2 = 2^11·k, which fits for k ≤ 2^20 (FEW_K in gemm_t2.ts);
//     unscaled ones wrap modulo 2^32 and come right with the correction.

import { dot, dot_pairs } from "./dot";
import { add_rows_i32, even, halves, turn1, turn2, turn3 } from "./microkernels";

// 3, 48 in every byte; 3, 12 in every 16 bits; 12 in every byte
const MASKS: usize = memory.data<u8>([3, 48, 3, 0, 12, 0, 12], 2);

// @ts-ignore: decorator
@inline
function mul_add(a: v128, b: v128, c: v128): v128 {
  return i32x4.add(c, i32x4.dot_i16x8_s(a, b));
}

/** Four accumulators as elements of y: fl(fl(z)·factor) [+ identity]. */
// @ts-ignore: decorator
@inline
export function scaled(z: v128, factor: v128, identity: usize): v128 {
  const v = f32x4.mul(f32x4.convert_i32x4_s(z), factor);
  return identity ? f32x4.add(v, v128.load(identity)) : v;
}

/** Steps of two k after which the low halves of `mk_t2_4x16` are taken out, and the most steps of a call. */
const PAIR_STEPS: i32 = 31;
export const PAIR_K: i32 = 992;

/** Takes the low sum of each lane out, to memory. */
// @ts-ignore: decorator
@inline
function take_low(low: usize, c: v128): v128 {
  const sum = i32x4.shr_s(i32x4.shl(c, 18), 18);
  v128.store(low, i32x4.add(v128.load(low), sum));
  return i32x4.sub(c, sum);
}

// @ts-ignore: decorator
@inline
function store_high(to: usize, c0: v128, c1: v128, c2: v128, c3: v128, accumulate: i32): void {
  add_rows_i32(
    to,
    i32x4.shr_s(c0, 14),
    i32x4.shr_s(c1, 14),
    i32x4.shr_s(c2, 14),
    i32x4.shr_s(c3, 14),
    accumulate,
  );
}

/**
 * strips i32[4][8] of two panels (+)= A·B without the dot builtin: 16 products in one multiplication. A lane of B holds the trits of columns
 * c and c + 4, as t_c + 2^14·t_(c+4), so a lane of a sum holds S_c + 2^14·S_(c+4). |S_c| ≤ 62·128 < 2^13 in 31 steps of two k: it is the low
 * 14 bits with their sign. Taken out, it leaves 2^14·S_(c+4), |S| ≤ 992·128 < 2^17.
 * @param a one doubled i16 A panel
 * @param b [k2][2 panels][4 columns][2 k] i16 (`join_panel`)
 * @param k2 steps of two k, at most PAIR_K / 2
 * @param low 128 bytes of scratch
 * @param accumulate 1: adds to the strips
 */
export function mk_t2_4x16(
  a: usize,
  b: usize,
  k2: i32,
  low: usize,
  strip0: usize,
  strip1: usize,
  accumulate: i32,
): void {
  let c00 = i32x4.splat(0),
    c01 = c00,
    c10 = c00,
    c11 = c00,
    c20 = c00,
    c21 = c00,
    c30 = c00,
    c31 = c00;
  memory.fill(low, 0, 128);
  for (; k2 > 0; k2 -= PAIR_STEPS) {
    for (const end = a + (<usize> min(k2, PAIR_STEPS) << 5); a < end; a += 32, b += 32) {
      const b0 = v128.load(b), b1 = v128.load(b, 16), a0 = v128.load(a);
      c00 = mul_add(a0, b0, c00);
      c01 = mul_add(a0, b1, c01);
      const a1 = turn1(a0);
      c10 = mul_add(a1, b0, c10);
      c11 = mul_add(a1, b1, c11);
      const a2 = v128.load(a, 8);
      c20 = mul_add(a2, b0, c20);
      c21 = mul_add(a2, b1, c21);
      const a3 = turn3(a0);
      c30 = mul_add(a3, b0, c30);
      c31 = mul_add(a3, b1, c31);
    }
    c00 = take_low(low, c00);
    c10 = take_low(low + 16, c10);
    c20 = take_low(low + 32, c20);
    c30 = take_low(low + 48, c30);
    c01 = take_low(low + 64, c01);
    c11 = take_low(low + 80, c11);
    c21 = take_low(low + 96, c21);
    c31 = take_low(low + 112, c31);
  }
  store_high(strip0 + 16, c00, c10, c20, c30, accumulate);
  store_high(strip1 + 16, c01, c11, c21, c31, accumulate);
  add_rows_i32(
    strip0,
    v128.load(low),
    v128.load(low, 16),
    v128.load(low, 32),
    v128.load(low, 48),
    accumulate,
  );
  add_rows_i32(
    strip1,
    v128.load(low, 64),
    v128.load(low, 80),
    v128.load(low, 96),
    v128.load(low, 112),
    accumulate,
  );
}

/**
 * strip i32[8] = one row over one panel, on the packed codes: planes p of 2 bits are masked, not shifted into place, where they can be.
 *   ×1: v&3 (p = 0), (v>>2)&3 (1);   ×16: v&48 (2), (v>>2)&48 (3)                    shifts of 16 bits; the masks drop what crosses bytes
 * @param a i8 [groups][4 p][16]: the four k of a plane, four times (`broadcast_row`); a load costs less than a shuffle here
 */
export function mk_t2_1x8_dot(a: usize, panel: usize, strip: usize, groups: i32): void {
  if (ASC_FEATURE_RELAXED_SIMD) {
    const m1 = v128.load8_splat(MASKS), m16 = v128.load8_splat(MASKS + 1);
    let c0 = i32x4.splat(0), c1 = c0, d0 = c0, d1 = c0, e0 = c0, e1 = c0, f0 = c0, f1 = c0;
    for (const end = a + (<usize> groups << 6); a < end; a += 64, panel += 32) {
      let v0 = v128.load(panel), v1 = v128.load(panel, 16), t = v128.load(a);
      c0 = dot(t, v128.and(v0, m1), c0);
      c1 = dot(t, v128.and(v1, m1), c1);
      t = v128.load(a, 32);
      e0 = dot(t, v128.and(v0, m16), e0);
      e1 = dot(t, v128.and(v1, m16), e1);
      v0 = i16x8.shr_u(v0, 2);
      v1 = i16x8.shr_u(v1, 2);
      t = v128.load(a, 16);
      d0 = dot(t, v128.and(v0, m1), d0);
      d1 = dot(t, v128.and(v1, m1), d1);
      t = v128.load(a, 48);
      f0 = dot(t, v128.and(v0, m16), f0);
      f1 = dot(t, v128.and(v1, m16), f1);
    }
    v128.store(strip, i32x4.add(i32x4.add(c0, d0), i32x4.shr_s(i32x4.add(e0, f0), 4)));
    v128.store(strip, i32x4.add(i32x4.add(c1, d1), i32x4.shr_s(i32x4.add(e1, f1), 4)), 16);
  }
}

/**
 * The same by pairs of products, for the form `seven`, whose dot product is three instructions. Planes ×1 and ×4: v&3 (p = 0), v&12 (1), (v>>4)&3 (2),
 * (v>>4)&12 (3). Pairs ×4 are 2·8·x, −2^11 at the least and less than 2^11: 16 bits hold sixteen of them.
 */
export function mk_t2_1x8_pairs(a: usize, panel: usize, strip: usize, groups: i32): void {
  if (ASC_FEATURE_RELAXED_SIMD) {
    const m1 = v128.load8_splat(MASKS), m4 = v128.load8_splat(MASKS + 6);
    let c0 = i32x4.splat(0), c1 = c0, d0 = c0, d1 = c0;
    for (; groups > 0; groups -= 8) {
      let e0 = i32x4.splat(0), e1 = e0, f0 = e0, f1 = e0;
      for (const end = a + (<usize> min(groups, 8) << 6); a < end; a += 64, panel += 32) {
        let v0 = v128.load(panel), v1 = v128.load(panel, 16), t = v128.load(a);
        e0 = i16x8.add(e0, dot_pairs(t, v128.and(v0, m1)));
        e1 = i16x8.add(e1, dot_pairs(t, v128.and(v1, m1)));
        t = v128.load(a, 16);
        f0 = i16x8.add(f0, dot_pairs(t, v128.and(v0, m4)));
        f1 = i16x8.add(f1, dot_pairs(t, v128.and(v1, m4)));
        v0 = i16x8.shr_u(v0, 4);
        v1 = i16x8.shr_u(v1, 4);
        t = v128.load(a, 32);
        e0 = i16x8.add(e0, dot_pairs(t, v128.and(v0, m1)));
        e1 = i16x8.add(e1, dot_pairs(t, v128.and(v1, m1)));
        t = v128.load(a, 48);
        f0 = i16x8.add(f0, dot_pairs(t, v128.and(v0, m4)));
        f1 = i16x8.add(f1, dot_pairs(t, v128.and(v1, m4)));
      }
      c0 = i32x4.add(c0, i32x4.extadd_pairwise_i16x8_s(e0));
      c1 = i32x4.add(c1, i32x4.extadd_pairwise_i16x8_s(e1));
      d0 = i32x4.add(d0, i32x4.extadd_pairwise_i16x8_s(f0));
      d1 = i32x4.add(d1, i32x4.extadd_pairwise_i16x8_s(f1));
    }
    v128.store(strip, i32x4.add(c0, i32x4.shr_s(d0, 2)));
    v128.store(strip, i32x4.add(c1, i32x4.shr_s(d1, 2)), 16);
  }
}

/**
 * The same by i16 products, without relaxed SIMD. Sixteen bits of a panel hold two k (even, odd) of each plane in one column, so that masks
 * alone make i16 codes of them: ×1 (p = 0, 2) and ×4 (1, 3).
 * @param a i16 [groups][2 parities][4 p][2] (`split_row`)
 */
export function mk_t2_1x8(a: usize, panel: usize, strip: usize, groups: i32): void {
  const m1 = v128.load16_splat(MASKS + 2), m4 = v128.load16_splat(MASKS + 4);
  let c0 = i32x4.splat(0), c1 = c0, d0 = c0, d1 = c0;
  for (const end = a + (<usize> groups << 5); a < end; a += 16) {
    // even k, then odd k
    let v0 = v128.load(panel), v1 = v128.load(panel, 16);
    panel += 32;
    for (const odd = a + 16;; a += 16) {
      let t = v128.load32_splat(a);
      c0 = mul_add(t, v128.and(v0, m1), c0);
      c1 = mul_add(t, v128.and(v1, m1), c1);
      t = v128.load32_splat(a, 4);
      d0 = mul_add(t, v128.and(v0, m4), d0);
      d1 = mul_add(t, v128.and(v1, m4), d1);
      v0 = i16x8.shr_u(v0, 4);
      v1 = i16x8.shr_u(v1, 4);
      t = v128.load32_splat(a, 8);
      c0 = mul_add(t, v128.and(v0, m1), c0);
      c1 = mul_add(t, v128.and(v1, m1), c1);
      t = v128.load32_splat(a, 12);
      d0 = mul_add(t, v128.and(v0, m4), d0);
      d1 = mul_add(t, v128.and(v1, m4), d1);
      if (a == odd) break;
      v0 = i16x8.shr_u(v0, 4);
      v1 = i16x8.shr_u(v1, 4);
    }
  }
  v128.store(strip, i32x4.add(c0, i32x4.shr_s(d0, 2)));
  v128.store(strip, i32x4.add(c1, i32x4.shr_s(d1, 2)), 16);
}
