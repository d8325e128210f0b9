// Logarithms in float32, four at a time: the bits of src/numeric/log.ts, which says why they are right.
//
//   x = m·2^e, m from √½ to √2;  f = m − 1;  s = f / (2 + f);  R = (((2/9·s² + 2/7)·s² + 2/5)·s² + 2/3)·s²
//   log x = ((e·LN2_LOW − s·(f − R)) + f) + e·LN2_HIGH
//   log1p x = (log(1 + x)·x) / ((1 + x) − 1), x where 1 + x is 1;  expm1 x = ((e^x − 1)·x) / log e^x, x where e^x is 1, −1 where
//   e^x − 1 is
import { EXP, exp_f32 } from "./f32_math";

// 2/9, 2/7, 2/5, 2/3, √2, 2^-126, 2^24, ∞
const LOG: usize = memory.data<f32>([
  0.2222222222222222,
  0.2857142857142857,
  0.4,
  0.6666666666666666,
  1.4142135623730951,
  1.1754943508222875e-38,
  16777216,
  Infinity,
], 16);

/** See the head of the file. */
export function log_f32(x: v128): v128 {
  const one = v128.load32_splat(EXP + 20), zero = f32x4.splat(0);
  const small = f32x4.lt(x, v128.load32_splat(LOG + 20));
  const scaled = v128.bitselect(f32x4.mul(x, v128.load32_splat(LOG + 24)), x, small);
  let e = i32x4.sub(i32x4.shr_u(scaled, 23), i32x4.splat(127));
  e = i32x4.sub(e, v128.and(small, i32x4.splat(24)));
  let m = v128.or(v128.and(scaled, i32x4.splat(0x7fffff)), one);
  const large = f32x4.gt(m, v128.load32_splat(LOG + 16));
  m = v128.bitselect(f32x4.mul(m, f32x4.splat(0.5)), m, large);
  e = i32x4.sub(e, large);
  const f = f32x4.sub(m, one);
  const s = f32x4.div(f, f32x4.add(f32x4.splat(2), f)), square = f32x4.mul(s, s);
  let p = f32x4.add(f32x4.mul(v128.load32_splat(LOG), square), v128.load32_splat(LOG + 4));
  p = f32x4.add(f32x4.mul(p, square), v128.load32_splat(LOG + 8));
  p = f32x4.add(f32x4.mul(p, square), v128.load32_splat(LOG + 12));
  const rest = f32x4.mul(s, f32x4.sub(f, f32x4.mul(p, square)));
  const exponent = f32x4.convert_i32x4_s(e);
  const low = f32x4.sub(f32x4.mul(exponent, v128.load32_splat(EXP + 8)), rest);
  let y = f32x4.add(f32x4.add(low, f), f32x4.mul(exponent, v128.load32_splat(EXP + 4)));
  const infinity = v128.load32_splat(LOG + 28);
  y = v128.bitselect(infinity, y, f32x4.eq(x, infinity));
  y = v128.bitselect(f32x4.neg(infinity), y, f32x4.eq(x, zero));
  // All ones where x is below 0 or no number: a NaN.
  return v128.or(y, v128.not(f32x4.ge(x, zero)));
}

/** See the head of the file. */
export function log1p_f32(x: v128): v128 {
  const one = v128.load32_splat(EXP + 20), u = f32x4.add(one, x);
  const y = f32x4.div(f32x4.mul(log_f32(u), x), f32x4.sub(u, one));
  return v128.bitselect(x, y, f32x4.eq(u, one));
}

/** See the head of the file. */
export function expm1_f32(x: v128): v128 {
  const one = v128.load32_splat(EXP + 20), u = exp_f32(x);
  const difference = f32x4.sub(u, one), least = f32x4.neg(one);
  let y = f32x4.div(f32x4.mul(difference, x), log_f32(u));
  y = v128.bitselect(least, y, f32x4.eq(difference, least));
  return v128.bitselect(x, y, f32x4.eq(u, one));
}
