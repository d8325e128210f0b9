// Rows of 32-bit integers → i8, i16 or i32: y = clamp(round(z·m[c] / 2^e[c]) + zero).
//
// Half to even runs eight at a time in f64; everything else, and y = i32, by the definition (`rounded`).
//
// Exactness. M = m·2^-e is an f64 without rounding (m has 31 bits). s = fl64(z·M) is rounded once; every tie k+½ with |k| < 2^52 is an
// f64 and rounding is monotone, so nearest(s) is the half-even rounding of z·M unless s is a tie and z·M is not, which needs
// |z·m| ≥ 2^53. Therefore:
//   limits. |z·M| ≥ 32770 + |zero| saturates y. With limit = ⌈(32770 + |zero|) / |M|⌉, capped at 2^31−1, clamping z to ~limit … limit
//     changes nothing, and keeps |s| ≤ 32770 + |zero| + 2|M| < 2^18 (|zero| ≤ 2^16 and |M| < 2^14, else the definition), so that
//     s + 1.5·2^52 rounds half to even and leaves the integer in the low 32 bits.
//   CHECKED, unless limit·|m| < 2^53 for every channel: where any s is a tie (|s − nearest(s)| = ½), the eight are computed again by the
//     definition.
// Floats in *: exact, proof below.
import { ROUNDING_HALF_EVEN } from "../generated/attributes";
import { DTYPE_I16, DTYPE_I32, DTYPE_I8 } from "../generated/format";
import { real_multiplier, rounded, saturate, store_integer } from "./integer";
import { low_words, upper } from "./lanes";
import { load_words, store_first } from "./tail";

/** How rows are requantised. Behind it: limits i32[n8], then M f64[n8]; n8 = 8 if there is one multiplier for all. */
// @ts-ignore: decorator
@unmanaged
export class RequantizePlan {
  type: i32;
  rounding: i32;
  zero: i32;
  /** Whether eight at a time are exact, and whether ties must be looked for. */
  vector: bool;
  checked: bool;
  padding: u16;
  /** Multipliers and shifts, and the bytes from one to the next, 0 for one. */
  m: usize;
  e: usize;
  mStep: usize;
  eStep: usize;
  /** Entries of the limits and of M from eight columns to the next: 8, or 0 for one multiplier. */
  step: u32;
  multipliers: usize;
  padding1: u64;

  // @ts-ignore: decorator
  @inline
  get limits(): usize {
    return changetype<usize>(this) + offsetof<RequantizePlan>();
  }
}

// 1.5·2^52, ½
const CONSTANTS: usize = memory.data<f64>([6755399441055744.0, 0.5], 16);

/** Bytes of a plan for `count` multipliers or shifts, whichever are more. */
export function plan_bytes(count: i32): usize {
  return offsetof<RequantizePlan>() + <usize> ((count + 7) & ~7) * 12;
}

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
  const m_step: usize = m_count > 1 ? 4 : 0, e_step: usize = e_count > 1 ? 4 : 0;
  const limits = p.limits, multipliers = limits + (<usize> n8 << 2);
  p.type = type;
  p.rounding = rounding;
  p.zero = zero;
  p.m = m;
  p.e = e;
  p.mStep = m_step;
  p.eStep = e_step;
  p.step = count > 1 ? 8 : 0;
  p.multipliers = multipliers;
  let vector = rounding == ROUNDING_HALF_EVEN && type != DTYPE_I32 && zero >= -65536 &&
    zero <= 65536;
  let checked = false;
  const bound = 32770 + Math.abs(<f64> zero);
  for (let i = 0; i < n8 && vector; i++) {
    let value: f64 = 0, limit: f64 = 0;
    if (i < count || count == 1) {
      const factor = load<i32>(m + <usize> i * m_step);
      value = real_multiplier(factor, load<i32>(e + <usize> i * e_step));
      const size = Math.abs(value);
      if (size >= 16384) vector = false;
      if (size > 0) {
        limit = Math.min(Math.ceil(bound / size), 2147483647);
        if (limit * Math.abs(<f64> factor) >= 9007199254740992.0) checked = true;
      }
    }
    store<i32>(limits + (<usize> i << 2), <i32> limit);
    store<f64>(multipliers + (<usize> i << 3), value);
  }
  p.vector = vector;
  p.checked = checked;
}

// @ts-ignore: decorator
@inline
function distance(s: v128, t: v128, magic: v128): v128 {
  return f64x2.abs(f64x2.sub(s, f64x2.sub(t, magic)));
}

/** n columns of one row: z i32[n] → y. */
export function requantize_row(plan: usize, z: usize, n: i32, y: usize): void {
  const p = changetype<RequantizePlan>(plan);
  if (!p.vector) return requantize_by_definition(p, z, n, 0, y);
  const magic = v128.load64_splat(CONSTANTS), half = v128.load64_splat(CONSTANTS + 8);
  const zero = i32x4.splat(p.zero);
  const checked = p.checked, wide = p.type == DTYPE_I16;
  const step = <usize> p.step;
  let multipliers = p.multipliers, limits = p.limits;
  for (let i = 0; i < n; i += 8, z += 32, limits += step << 2, multipliers += step << 3) {
    const h0 = v128.load(limits), h1 = v128.load(limits, 16);
    const z0 = i32x4.max_s(i32x4.min_s(v128.load(z), h0), v128.not(h0));
    const z1 = i32x4.max_s(i32x4.min_s(load_words(z + 16, n - i - 4), h1), v128.not(h1));
    const s0 = f64x2.mul(f64x2.convert_low_i32x4_s(z0), v128.load(multipliers));
    const s1 = f64x2.mul(f64x2.convert_low_i32x4_s(upper(z0)), v128.load(multipliers, 16));
    const s2 = f64x2.mul(f64x2.convert_low_i32x4_s(z1), v128.load(multipliers, 32));
    const s3 = f64x2.mul(f64x2.convert_low_i32x4_s(upper(z1)), v128.load(multipliers, 48));
    const t0 = f64x2.add(s0, magic),
      t1 = f64x2.add(s1, magic),
      t2 = f64x2.add(s2, magic),
      t3 = f64x2.add(s3, magic);
    if (checked) {
      const far = f64x2.pmax(
        f64x2.pmax(distance(s0, t0, magic), distance(s1, t1, magic)),
        f64x2.pmax(distance(s2, t2, magic), distance(s3, t3, magic)),
      );
      if (v128.any_true(f64x2.eq(far, half))) {
        requantize_by_definition(
          p,
          z,
          min(n - i, 8),
          i,
          wide ? y + (<usize> i << 1) : y + <usize> i,
        );
        continue;
      }
    }
    const q = i16x8.narrow_i32x4_s(
      i32x4.add(low_words(t0, t1), zero),
      i32x4.add(low_words(t2, t3), zero),
    );
    const left = n - i;
    if (wide) {
      const to = y + (<usize> i << 1);
      if (left >= 8) v128.store(to, q);
      else store_first(to, q, left << 1);
    } else {
      const to = y + <usize> i, b = i8x16.narrow_i16x8_s(q, q);
      if (left >= 8) v128.store64_lane(to, b, 0);
      else store_first(to, b, left);
    }
  }
}

/** Columns first … first + n − 1 of a row, by the definition. */
function requantize_by_definition(
  plan: RequantizePlan,
  z: usize,
  n: i32,
  first: i32,
  y: usize,
): void {
  const type = plan.type, rounding = plan.rounding;
  const size: usize = type == DTYPE_I8 ? 1 : type == DTYPE_I16 ? 2 : 4;
  const zero = <i64> plan.zero;
  const m_step = plan.mStep, e_step = plan.eStep;
  let m = plan.m + <usize> first * m_step, e = plan.e + <usize> first * e_step;
  for (let i = 0; i < n; i++, z += 4, y += size, m += m_step, e += e_step) {
    store_integer(
      y,
      type,
      saturate(rounded(load<i32>(z), load<i32>(m), load<i32>(e), rounding) + zero, type),
    );
  }
}

/** i8, i16 or i32 elements → i32. */
export function widen_row(x: usize, type: i32, n: i32, to: usize): void {
  if (type == DTYPE_I32) {
    memory.copy(to, x, <usize> n << 2);
    return;
  }
  for (let i = 0; i < n; i += 8, to += 32) {
    const v = type == DTYPE_I8 ? v128.load8x8_s(x + <usize> i) : v128.load(x + (<usize> i << 1));
    v128.store(to, i32x4.extend_low_i16x8_s(v));
    v128.store(to, i32x4.extend_high_i16x8_s(v), 16);
  }
}
