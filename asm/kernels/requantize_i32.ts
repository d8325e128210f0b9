// Rows of 32-bit integers → i32: y = clamp(round(z·m[c] / 2^e[c]) [+ round(o·m2 / 2^e2)] + zero, low, high).
//
// Half to even runs four at a time in f64; everything else, and the last of a row, by the definition (`requantize_by_definition`).
//
// Exactness. s = fl64(z·M) is z·M where |z·m| < 2^53, so where |z| < 2^22. Elsewhere nearest(s) is still the half-even rounding of z·M
// unless s is a tie (requantize.ts), and an integer below 2^51 if |s| is. So four are computed by the definition where some |z| (or |o|,
// unless |m2| ≤ 2^21) is that large and some s is a tie or |s| ≥ 2^51. Rounded arms below 2^51 and zero have exact sums, which are
// limited in f64: low and high are integers.
// Floats in *: exact, proof above.
import { low_words, upper } from "./lanes";
import { real_multiplier } from "./integer";
import { requantize_by_definition, RequantizePlan } from "./requantize_plan";

// 1.5·2^52, ½, 2^51
const CONSTANTS: usize = memory.data<f64>([6755399441055744.0, 0.5, 2251799813685248.0], 16);
/** |z| from which products may be rounded, and |m2| up to which none is. */
const LARGE: i32 = 4194304, EXACT: i32 = 2097152;

/** Whether one of four is at least LARGE in size. */
// @ts-ignore: decorator
@inline
function is_large(z: v128): v128 {
  return i32x4.ge_s(v128.xor(z, i32x4.shr_s(z, 31)), i32x4.splat(LARGE - 1));
}

/** Lanes of which the rounding is not sure. */
// @ts-ignore: decorator
@inline
function is_doubtful(s: v128): v128 {
  return v128.or(
    f64x2.eq(f64x2.abs(f64x2.sub(s, f64x2.nearest(s))), v128.load64_splat(CONSTANTS, 8)),
    f64x2.ge(f64x2.abs(s), v128.load64_splat(CONSTANTS, 16)),
  );
}

/** Low words of the limited sum of two columns. */
// @ts-ignore: decorator
@inline
function sum2(s: v128, t: v128, zero: v128, low: v128, high: v128, magic: v128): v128 {
  const sum = f64x2.add(f64x2.add(f64x2.nearest(s), f64x2.nearest(t)), zero);
  return f64x2.add(f64x2.pmin(high, f64x2.pmax(low, sum)), magic);
}

/** n columns of one row: z i32[n] → y i32[n]. `other`: o i32[n], or 0. y may be z or o. */
export function requantize_row_i32(
  p: RequantizePlan,
  z: usize,
  n: i32,
  other: usize,
  y: usize,
): void {
  const zero = f64x2.splat(<f64> p.zero), magic = v128.load64_splat(CONSTANTS);
  const low = f64x2.splat(<f64> p.low), high = f64x2.splat(<f64> p.high);
  const m2 = f64x2.splat(other ? real_multiplier(p.m2, p.e2) : 0);
  const inexact = p.m2 > EXACT || p.m2 < -EXACT, step = p.step;
  const end = p.vector ? n & ~3 : 0;
  let multipliers = p.multipliers, t0 = f64x2.splat(0), t1 = t0;
  for (let i = 0; i < end; i += 4, z += 16, y += 16, multipliers += step) {
    const x = v128.load(z);
    const s0 = f64x2.mul(f64x2.convert_low_i32x4_s(x), v128.load(multipliers)),
      s1 = f64x2.mul(f64x2.convert_low_i32x4_s(upper(x)), v128.load(multipliers, 16));
    let large = is_large(x);
    if (other) {
      const o = v128.load(other);
      t0 = f64x2.mul(f64x2.convert_low_i32x4_s(o), m2);
      t1 = f64x2.mul(f64x2.convert_low_i32x4_s(upper(o)), m2);
      if (inexact) large = v128.or(large, is_large(o));
    }
    if (
      v128.any_true(large) &&
      v128.any_true(
        v128.or(
          v128.or(is_doubtful(s0), is_doubtful(s1)),
          v128.or(is_doubtful(t0), is_doubtful(t1)),
        ),
      )
    ) {
      requantize_by_definition(p, z, 4, i, other, y);
    } else {
      const q = low_words(
        sum2(s0, t0, zero, low, high, magic),
        sum2(s1, t1, zero, low, high, magic),
      );
      v128.store(y, q);
    }
    if (other) other += 16;
  }
  if (n > end) requantize_by_definition(p, z, n - end, end, other, y);
}
