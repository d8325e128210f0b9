// One row over two panels of 4 bits (panel_8x16_u4), where the dot product takes unsigned bytes (`unsigned` in dot_forms.ts). Codes c 0…15 are bytes as
// they lie: v & 15 and v & 240, which is 16·c. Of a group of 128 k at most |Σ x·16·c| ≤ 128·128·240 < 2^22, so that a shift takes the 16 away exactly.
// By groups Σ x·f·(c − z) = Σ f·(Σ x·c − z·Σ x). All sums wrap modulo 2^32.
//
// Two panels share what is broadcast of x: with one, ports and not the memory are the limit.
import { dot } from "./dot";
import { Groups } from "./microkernels_w4";

// 15 in every byte
const MASK: usize = memory.data<u8>([15]);

/** c + x·(low four bits). */
// @ts-ignore: decorator
@inline
function low_dot(x: v128, v: v128, mask: v128, c: v128): v128 {
  return dot(x, v128.and(v, mask), c);
}

/** c + 16·x·(high four bits). */
// @ts-ignore: decorator
@inline
function high_dot(x: v128, v: v128, mask: v128, c: v128): v128 {
  return dot(x, v128.andnot(v, mask), c);
}

/** t + f·(low + high/16). */
// @ts-ignore: decorator
@inline
function fold(t: v128, f: v128, low: v128, high: v128): v128 {
  return i32x4.add(t, i32x4.mul(f, i32x4.add(low, i32x4.shr_s(high, 4))));
}

/**
 * c i32[8] and c2 i32[8] = Σ f·(Σ x·c − z·Σ x) of two panels.
 * @param g the groups of the first panel
 * @param a i8, zero to a multiple of 16 k
 * @param sums i16, Σ x of each chunk of as many columns as a group has
 * @param panel2 the other panel, whose groups are `groups2` bytes behind those of the first
 */
export function mk_w4_1x16_unsigned(
  g: Groups,
  a: usize,
  sums: usize,
  panel: usize,
  panel2: usize,
  groups2: usize,
  c: usize,
  c2: usize,
): void {
  if (ASC_FEATURE_RELAXED_SIMD) {
    const mask = v128.load8_splat(MASK), none = i32x4.splat(0);
    let t0 = none, t1 = none, t2 = none, t3 = none, at: usize = 0;
    for (let left = g.all; left > 0; left -= g.blocks, sums += 2, at = g.next(at)) {
      // the other half of each pair of 16 bits meets a zero
      const x = i16x8.neg(v128.load16_splat(sums)), z = g.zero(at), z2 = g.zero(at + groups2);
      let l0 = i32x4.dot_i16x8_s(i32x4.extend_low_i16x8_u(z), x),
        l1 = i32x4.dot_i16x8_s(i32x4.extend_high_i16x8_u(z), x),
        l2 = i32x4.dot_i16x8_s(i32x4.extend_low_i16x8_u(z2), x),
        l3 = i32x4.dot_i16x8_s(i32x4.extend_high_i16x8_u(z2), x);
      let h0 = none, h1 = none, h2 = none, h3 = none;
      for (
        const end = a + (<usize> min(left, g.blocks) << 4);
        a < end;
        a += 16, panel += 64, panel2 += 64
      ) {
        const row = v128.load(a);
        let x0 = v128.shuffle<i32>(row, row, 0, 0, 0, 0),
          x1 = v128.shuffle<i32>(row, row, 1, 1, 1, 1);
        let v = v128.load(panel);
        l0 = low_dot(x0, v, mask, l0);
        h0 = high_dot(x1, v, mask, h0);
        v = v128.load(panel, 16);
        l1 = low_dot(x0, v, mask, l1);
        h1 = high_dot(x1, v, mask, h1);
        v = v128.load(panel2);
        l2 = low_dot(x0, v, mask, l2);
        h2 = high_dot(x1, v, mask, h2);
        v = v128.load(panel2, 16);
        l3 = low_dot(x0, v, mask, l3);
        h3 = high_dot(x1, v, mask, h3);
        x0 = v128.shuffle<i32>(row, row, 2, 2, 2, 2);
        x1 = v128.shuffle<i32>(row, row, 3, 3, 3, 3);
        v = v128.load(panel, 32);
        l0 = low_dot(x0, v, mask, l0);
        h0 = high_dot(x1, v, mask, h0);
        v = v128.load(panel, 48);
        l1 = low_dot(x0, v, mask, l1);
        h1 = high_dot(x1, v, mask, h1);
        v = v128.load(panel2, 32);
        l2 = low_dot(x0, v, mask, l2);
        h2 = high_dot(x1, v, mask, h2);
        v = v128.load(panel2, 48);
        l3 = low_dot(x0, v, mask, l3);
        h3 = high_dot(x1, v, mask, h3);
      }
      const f = g.factor(at), f2 = g.factor(at + groups2);
      t0 = fold(t0, i32x4.extend_low_i16x8_u(f), l0, h0);
      t1 = fold(t1, i32x4.extend_high_i16x8_u(f), l1, h1);
      t2 = fold(t2, i32x4.extend_low_i16x8_u(f2), l2, h2);
      t3 = fold(t3, i32x4.extend_high_i16x8_u(f2), l3, h3);
    }
    v128.store(c, t0);
    v128.store(c, t1, 16);
    v128.store(c2, t2);
    v128.store(c2, t3, 16);
  }
}
