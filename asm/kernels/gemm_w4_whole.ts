// The tile over weights of 4 bits (gemm_w4.ts) where the dot product is one instruction (`unsigned` and `signed` in dot_forms.ts): four products and
// their sum in 32 bits at once, instead of pairs in 16 bits. Of a group of 128 k at most |Σ x·c| ≤ 128·128·15. All sums wrap modulo 2^32.
import { dot } from "./dot";
import { add_rows_i32, turn1, turn2, turn3 } from "./microkernels";

// the low half of every 32 bits
const LOW: usize = memory.data<u16>([65535, 0]);

// @ts-ignore: decorator
@inline
function mul_add(t: v128, c: v128, f: v128): v128 {
  return i32x4.add(t, i32x4.mul(c, f));
}

/**
 * c[4][8] += Σ f·(X·C).
 * @param a one i8 A panel of 4 rows, 16 bytes a step
 * @param b codes as bytes [k4][8][4]
 * @param factors of the first steps, in 32 bits twice: f0 f0 f1 f1 f2 f2 f3 f3 | f4 … f7 f7
 * @param steps steps of four k
 * @param fold steps that have one factor
 * @param apart bytes from the factors of so many steps to the next
 */
export function mk_w4_4x8_whole(
  a: usize,
  b: usize,
  c: usize,
  factors: usize,
  steps: i32,
  fold: i32,
  apart: usize,
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
    for (; steps > 0; steps -= fold, factors += apart) {
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
        c00 = dot(a0, b0, c00);
        c01 = dot(a0, b1, c01);
        const a1 = turn1(a0);
        c10 = dot(a1, b0, c10);
        c11 = dot(a1, b1, c11);
        const a2 = turn2(a0);
        c20 = dot(a2, b0, c20);
        c21 = dot(a2, b1, c21);
        const a3 = turn3(a0);
        c30 = dot(a3, b0, c30);
        c31 = dot(a3, b1, c31);
      }
      const low = v128.load32_splat(LOW);
      const f0 = v128.and(v128.load(factors), low), f1 = v128.and(v128.load(factors, 16), low);
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
