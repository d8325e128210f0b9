// How rows of 32-bit integers are requantised:
//
//   y = clamp(round(z·m[c] / 2^e[c]) [+ round(o·m2 / 2^e2)] + zero, low, high)
//
// M = m·2^-e is an f64 without rounding: m has 31 bits. What each number is for stands where it is used: requantize.ts, requantize_i32.ts.
// Floats in *: bounds, and multipliers that are exact.
import { ROUNDING_HALF_EVEN } from "../generated/attributes";
import { DTYPE_I16, DTYPE_I32, DTYPE_I8 } from "../generated/format";
import { largest, rounded, store_integer } from "./integer";
import { mask_first } from "./pack";
import { high_of_power, limit_of, times_power } from "./multipliers";

/** Behind it for each channel: limits i32[n8], M f64[n8] and M f32[n8]; n8 = 8 if there is one multiplier for all. */
// @ts-ignore: decorator
@unmanaged
export class RequantizePlan {
  type: i32;
  rounding: i32;
  zero: i32;
  low: i32;
  high: i32;
  /** The multiplier of the other arm. */
  m2: i32;
  e2: i32;
  /** Whether vectors are exact, and whether ties must be looked for. */
  vector: bool;
  checked: bool;
  /** Whether float32 does for most, and whether z must be limited for that. */
  single: bool;
  limited: bool;
  /** Multipliers and shifts, and the bytes from one to the next, 0 for one. */
  m: usize;
  e: usize;
  mStep: usize;
  eStep: usize;
  /** Bytes of limits from eight columns to the next: 32, or 0 for one multiplier. */
  step: usize;
  /** Where they are. */
  singles: usize;
  multipliers: usize;
  padding: u32;

  // @ts-ignore: decorator
  @inline
  get limits(): usize {
    return changetype<usize>(this) + offsetof<RequantizePlan>();
  }

  /** Adds another arm, and limits the sum to ~high … high. */
  // @ts-ignore: decorator
  @inline
  add(m2: i32, e2: i32, high: i32): void {
    this.m2 = m2;
    this.e2 = e2;
    this.low = ~high;
    this.high = high;
  }
}

/** Bytes of a plan for `count` multipliers or shifts, whichever are more. */
export function plan_bytes(count: i32): usize {
  return offsetof<RequantizePlan>() + <usize> ((count + 7) & ~7) * 16;
}

// |M| that is too large for vectors, and for float32 without limits; 2^53; the largest limit
const BOUNDS: usize = memory.data<f64>(
  [8192.0, 0.0009765625, 9007199254740992.0, 2147483647.0],
  16,
);

/** Prepares requantisations to `type` by `m_count` multipliers and `e_count` shifts: one, or one a column. */
export function plan_requantize(
  plan: usize,
  m: usize,
  m_count: i32,
  e: usize,
  e_count: i32,
  zero: i32,
  type: i32,
  rounding: i32,
): void {
  const count = max(m_count, e_count), n8 = (count + 7) & ~7;
  const p = changetype<RequantizePlan>(plan);
  const high = largest(type);
  p.type = type;
  p.rounding = rounding;
  p.zero = zero;
  p.low = ~high;
  p.high = high;
  p.m = m;
  p.e = e;
  p.mStep = m_count > 1 ? 4 : 0;
  p.eStep = e_count > 1 ? 4 : 0;
  p.step = count > 1 ? 32 : 0;
  let limits = p.limits,
    multipliers = limits + (<usize> n8 << 2),
    singles = multipliers + (<usize> n8 << 3);
  p.singles = singles;
  p.multipliers = multipliers;

  const bound = f64x2.splat(<f64> (min(high, 32767) + 3) + Math.abs(<f64> zero));
  const most = v128.load64_splat(BOUNDS, 24), inexact = v128.load64_splat(BOUNDS, 16);
  let largest = f64x2.splat(0), products = largest;
  for (let i = 0; i < n8; i += 4, limits += 16, singles += 16, multipliers += 32) {
    let factor = m_count > 1 ? v128.load(m + (<usize> i << 2)) : v128.load32_splat(m);
    const shift = e_count > 1 ? v128.load(e + (<usize> i << 2)) : v128.load32_splat(e);
    if (count > 1 && count - i < 4) factor = v128.and(factor, mask_first(max(count - i, 0) << 2));
    const power = high_of_power(shift), upper_factor = v128.shuffle<i64>(factor, factor, 1, 0);
    const m0 = times_power(factor, v128.shuffle<i32>(i32x4.splat(0), power, 0, 4, 1, 5)),
      m1 = times_power(upper_factor, v128.shuffle<i32>(i32x4.splat(0), power, 2, 6, 3, 7));
    const l0 = f64x2.min(limit_of(bound, m0), most), l1 = f64x2.min(limit_of(bound, m1), most);
    largest = f64x2.max(largest, f64x2.max(f64x2.abs(m0), f64x2.abs(m1)));
    products = f64x2.max(products, f64x2.mul(l0, f64x2.abs(f64x2.convert_low_i32x4_s(factor))));
    products = f64x2.max(
      products,
      f64x2.mul(l1, f64x2.abs(f64x2.convert_low_i32x4_s(upper_factor))),
    );
    v128.store(
      limits,
      v128.shuffle<i64>(i32x4.trunc_sat_f64x2_s_zero(l0), i32x4.trunc_sat_f64x2_s_zero(l1), 0, 2),
    );
    v128.store(
      singles,
      v128.shuffle<i64>(f32x4.demote_f64x2_zero(m0), f32x4.demote_f64x2_zero(m1), 0, 2),
    );
    v128.store(multipliers, m0);
    v128.store(multipliers, m1, 16);
  }
  const vector = rounding == ROUNDING_HALF_EVEN &&
    (type == DTYPE_I32 ||
      (zero >= -65536 && zero <= 65536 &&
        !v128.any_true(f64x2.ge(largest, v128.load64_splat(BOUNDS)))));
  p.vector = vector;
  p.checked = v128.any_true(f64x2.ge(products, inexact));
  p.single = vector && type == DTYPE_I8 && zero >= -255 && zero <= 255;
  p.limited = v128.any_true(f64x2.ge(largest, v128.load64_splat(BOUNDS, 8)));
}

/** Columns first … first + n − 1 of a row, by the definition. `other`: o i32[n], or 0. */
export function requantize_by_definition(
  p: RequantizePlan,
  z: usize,
  n: i32,
  first: i32,
  other: usize,
  y: usize,
): void {
  const type = p.type, rounding = p.rounding, zero = <i64> p.zero;
  const size: usize = type == DTYPE_I8 ? 1 : type == DTYPE_I16 ? 2 : 4;
  const low = <i64> p.low, high = <i64> p.high;
  const m_step = p.mStep, e_step = p.eStep;
  let m = p.m + <usize> first * m_step, e = p.e + <usize> first * e_step;
  for (let i = 0; i < n; i++, z += 4, y += size, m += m_step, e += e_step) {
    let sum = rounded(load<i32>(z), load<i32>(m), load<i32>(e), rounding) + zero;
    if (other) sum += rounded(load<i32>(other + (<usize> i << 2)), p.m2, p.e2, rounding);
    store_integer(y, type, <i32> max(low, min(high, sum)));
  }
}
