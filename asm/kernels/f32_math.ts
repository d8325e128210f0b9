// float32 functions, four at a time, of +, −, ×, ÷ and bit operations only: the same bits on every engine. Every operation below is
// rounded to float32; Horner runs from the last coefficient. A NaN gives a NaN (its bits are not defined).
//
// exp(x), x ≤ 88, ≤ 0.99 ulp (measured on 3·10^6 points of −87.33 … 0):
//   n = nearest(x·LOG2E);  r = (x − n·LN2_HIGH) − n·LN2_LOW            n·LN2_HIGH is exact
//   p = (((E4·r + E3)·r + E2)·r + E1)·r + E0
//   exp = ((p·(r·r) + r) + 1)·2^n;  0 where x < −87.33
// gelu(x) = x/2·(1 + erf(x/√2)), through Φ(−|x|) = exp(−a²/2)·(Mills ratio), absolute error ≤ 1.1·10^-7 for |x| < 2, else ≤ 8 ulp
// of a result above 2^-6 in size:
//   a = min(|x|, 14);  t = 1 / (0.3·a + 1)
//   p = (((((((G7·t + G6)·t + G5)·t + G4)·t + G3)·t + G2)·t + G1)·t + G0)·t
//   gelu = max(x, 0) − a·(exp((−0.5·a)·a)·p)                           max(x, 0) is x < 0 ? 0 : x
//
// sum of a row: 16 partial sums from +0, element i added to partial i mod 16, i ascending; then p[i] += p[i+8] for i < 8, p[i] += p[i+4]
// for i < 4, p[i] += p[i+2] for i < 2, p[0] + p[1].
import { mask_first } from "./pack";

// LOG2E, LN2_HIGH, LN2_LOW, −87.33, 1.5·2^23, 1, E4 … E0
export const EXP: usize = memory.data<f32>([
  1.4426950408889634,
  0.693359375,
  -0.00021219444170128554,
  -87.33,
  12582912,
  1,
  0.0013814539415761828,
  0.00836874544620514,
  0.04166838899254799,
  0.1666652113199234,
  0.4999999403953552,
], 16);

/** See the head of the file. */
// @ts-ignore: decorator
@inline
export function exp_f32(x: v128): v128 {
  const magic = v128.load32_splat(EXP + 16), one = v128.load32_splat(EXP + 20);
  // the sum rounds to an integer, n, and holds it in its low bits
  const shifted = f32x4.add(f32x4.mul(x, v128.load32_splat(EXP)), magic);
  const n = f32x4.sub(shifted, magic);
  const r = f32x4.sub(
    f32x4.sub(x, f32x4.mul(n, v128.load32_splat(EXP + 4))),
    f32x4.mul(n, v128.load32_splat(EXP + 8)),
  );
  let p = f32x4.add(f32x4.mul(v128.load32_splat(EXP + 24), r), v128.load32_splat(EXP + 28));
  p = f32x4.add(f32x4.mul(p, r), v128.load32_splat(EXP + 32));
  p = f32x4.add(f32x4.mul(p, r), v128.load32_splat(EXP + 36));
  p = f32x4.add(f32x4.mul(p, r), v128.load32_splat(EXP + 40));
  const y = f32x4.add(f32x4.add(f32x4.mul(p, f32x4.mul(r, r)), r), one);
  const scale = i32x4.add(i32x4.shl(shifted, 23), one);
  return v128.andnot(f32x4.mul(y, scale), f32x4.lt(x, v128.load32_splat(EXP + 12)));
}

// 14, 0.3, −0.5, 1, G7 … G0
const GELU: usize = memory.data<f32>([
  14,
  0.3,
  -0.5,
  1,
  0.035674773156642914,
  -0.1572030782699585,
  0.20635348558425903,
  -0.05368364229798317,
  0.12856163084506989,
  0.09991349279880524,
  0.12075395882129669,
  0.11962930113077164,
], 16);

/** `Φ(−a)`, a from 0 to 14. */
// @ts-ignore: decorator
@inline
export function normal_tail_f32(a: v128): v128 {
  const one = v128.load32_splat(GELU + 12);
  const t = f32x4.div(one, f32x4.add(f32x4.mul(a, v128.load32_splat(GELU + 4)), one));
  let p = f32x4.add(f32x4.mul(v128.load32_splat(GELU + 16), t), v128.load32_splat(GELU + 20));
  p = f32x4.add(f32x4.mul(p, t), v128.load32_splat(GELU + 24));
  p = f32x4.add(f32x4.mul(p, t), v128.load32_splat(GELU + 28));
  p = f32x4.add(f32x4.mul(p, t), v128.load32_splat(GELU + 32));
  p = f32x4.add(f32x4.mul(p, t), v128.load32_splat(GELU + 36));
  p = f32x4.add(f32x4.mul(p, t), v128.load32_splat(GELU + 40));
  p = f32x4.mul(f32x4.add(f32x4.mul(p, t), v128.load32_splat(GELU + 44)), t);
  return f32x4.mul(exp_f32(f32x4.mul(f32x4.mul(a, v128.load32_splat(GELU + 8)), a)), p);
}

/** See the head of the file. */
// @ts-ignore: decorator
@inline
export function gelu_f32(x: v128): v128 {
  const a = f32x4.pmin(f32x4.abs(x), v128.load32_splat(GELU));
  return f32x4.sub(f32x4.pmax(x, f32x4.splat(0)), f32x4.mul(a, normal_tail_f32(a)));
}

/** The fixed tree over 16 partial sums. */
// @ts-ignore: decorator
@inline
export function tree_sum(s0: v128, s1: v128, s2: v128, s3: v128): f32 {
  const s = f32x4.add(f32x4.add(s0, s2), f32x4.add(s1, s3));
  const t = f32x4.add(s, v128.shuffle<i64>(s, s, 1, 0));
  return f32x4.extract_lane(t, 0) + f32x4.extract_lane(t, 1);
}

/** Four elements of which the first `left` (any number) count; +0 for the others, which changes no sum. */
// @ts-ignore: decorator
@inline
export function load_floats(from: usize, left: i32): v128 {
  return left >= 4
    ? v128.load(from)
    : left > 0
    ? v128.and(v128.load(from), mask_first(left << 2))
    : f32x4.splat(0);
}
