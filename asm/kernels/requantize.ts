// Rows of 32-bit integers → i8 or i16: y = clamp(round(z·m[c] / 2^e[c]) + zero); i32: requantize_i32.ts.
//
// Half to even runs eight at a time; everything else, and the last of a row, by the definition (`requantize_by_definition`).
//
// Exactness. s = fl64(z·M) is rounded once; every tie k+½ with |k| < 2^52 is an f64 and rounding is monotone, so nearest(s) is the
// half-even rounding of z·M unless s is a tie and z·M is not, which needs |z·m| ≥ 2^53. Therefore:
//   limits. |z·M| ≥ T + 3 + |zero|, T the largest of the type, saturates y. With limit = ⌈(T + 3 + |zero|) / |M|⌉, at most 2^31−1,
//     clamping z to ~limit … limit changes nothing and keeps |s| ≤ T + 3 + |zero| + 2|M| < 2^17 (|zero| ≤ 2^16 and |M| < 2^13, else
//     the definition), so that s + 1.5·2^52 rounds half to even and leaves the integer in the low 32 bits.
//   checked, unless limit·|m| < 2^53 for every channel: s + 1.5·2^38 leaves v = RNE(s·2^14) in the low 32 bits. z·M < k+½ gives
//     v ≤ (k+½)·2^14 and z·M > k+½ gives v ≥ that, so (v + 2^13) >> 14 is right unless v is a tie; then the eight are computed by the
//     definition.
//   single (i8, |zero| ≤ 255). s = fl32(fl32(z)·fl32(M)) is off by less than |z·M|·3.01·2^-24. Where |z·M| ≤ 390 that is less than
//     2^-13, so nearest(s) is right unless s is closer than 2^-13 to a tie; then the eight are computed in f64. Where |z·M| > 390,
//     |s| ≥ 389, and either saturates y. |s| ≤ 2^22, by |M| < 2^-10 or by the limits, so that s + 1.5·2^23 rounds half to even
//     and leaves the integer in the low bits.
// Floats in *: exact, proof above.
import { DTYPE_I16, DTYPE_I32, DTYPE_I8 } from "../generated/format";
import { store_integer } from "./integer";
import { low_words, upper } from "./lanes";
import { requantize_row_i32 } from "./requantize_i32";
import { requantize_by_definition, RequantizePlan } from "./requantize_plan";

export { plan_bytes, plan_requantize, RequantizePlan } from "./requantize_plan";

// 1.5·2^52, 1.5·2^38; 1.5·2^23 and ½ − 2^-13 as f32
const MAGIC: usize = memory.data<f64>([6755399441055744.0, 412316860416.0], 16);
const SINGLE: usize = memory.data<f32>([12582912.0, 0.4998779296875], 8);
/** 1.5·2^23 as bits. */
const MAGIC_BITS: i32 = 0x4b400000;

/** z limited to ~h … h, h at `limits`. */
// @ts-ignore: decorator
@inline
function limited(z: v128, limits: usize): v128 {
  const h = v128.load(limits);
  return i32x4.max_s(i32x4.min_s(z, h), v128.not(h));
}

/** n columns of one row: z i32[n] → y. */
export function requantize_row(plan: usize, z: usize, n: i32, y: usize): void {
  const p = changetype<RequantizePlan>(plan);
  if (!p.single) return requantize_columns(p, z, n, 0, y);
  const clamped = p.limited, step = p.step, end = n & ~7;
  const magic = v128.load32_splat(SINGLE),
    near = v128.load32_splat(SINGLE, 4),
    zero = i32x4.splat(p.zero - MAGIC_BITS);
  let limits = p.limits, singles = p.singles;
  for (let i = 0; i < end; i += 8, z += 32, y += 8, limits += step, singles += step) {
    let z0 = v128.load(z), z1 = v128.load(z, 16);
    if (clamped) z0 = limited(z0, limits), z1 = limited(z1, limits + 16);
    const s0 = f32x4.mul(f32x4.convert_i32x4_s(z0), v128.load(singles)),
      s1 = f32x4.mul(f32x4.convert_i32x4_s(z1), v128.load(singles, 16));
    const t0 = f32x4.add(s0, magic), t1 = f32x4.add(s1, magic);
    const far = f32x4.pmax(
      f32x4.abs(f32x4.sub(s0, f32x4.sub(t0, magic))),
      f32x4.abs(f32x4.sub(s1, f32x4.sub(t1, magic))),
    );
    if (v128.any_true(f32x4.gt(far, near))) {
      requantize_columns(p, z, 8, i, y);
      continue;
    }
    const q = i16x8.narrow_i32x4_s(i32x4.add(t0, zero), i32x4.add(t1, zero));
    v128.store64_lane(y, i8x16.narrow_i16x8_s(q, q), 0);
  }
  if (n > end) requantize_by_definition(p, z, n - end, end, 0, y);
}

/** Columns first … first + n − 1 of a row in f64; first is 0 modulo 8. */
function requantize_columns(p: RequantizePlan, z: usize, n: i32, first: i32, y: usize): void {
  if (p.type == DTYPE_I32) return requantize_row_i32(p, z, n, 0, y);
  const wide = p.type == DTYPE_I16, checked = p.checked, step = p.step, stride = step << 1;
  const size: usize = wide ? 16 : 8,
    from = step * <usize> (first >> 3),
    end = p.vector ? n & ~7 : 0;
  const magic = v128.load64_splat(MAGIC + (usize(checked) << 3)), zero = i32x4.splat(p.zero);
  let multipliers = p.multipliers + (from << 1), limits = p.limits + from;
  for (let i = 0; i < end; i += 8, z += 32, limits += step, multipliers += stride) {
    const h0 = v128.load(limits), h1 = v128.load(limits, 16);
    const z0 = i32x4.max_s(i32x4.min_s(v128.load(z), h0), v128.not(h0)),
      z1 = i32x4.max_s(i32x4.min_s(v128.load(z, 16), h1), v128.not(h1));
    const s0 = f64x2.mul(f64x2.convert_low_i32x4_s(z0), v128.load(multipliers)),
      s1 = f64x2.mul(f64x2.convert_low_i32x4_s(upper(z0)), v128.load(multipliers, 16)),
      s2 = f64x2.mul(f64x2.convert_low_i32x4_s(z1), v128.load(multipliers, 32)),
      s3 = f64x2.mul(f64x2.convert_low_i32x4_s(upper(z1)), v128.load(multipliers, 48));
    let v0 = low_words(f64x2.add(s0, magic), f64x2.add(s1, magic)),
      v1 = low_words(f64x2.add(s2, magic), f64x2.add(s3, magic));
    if (checked) {
      const half = i32x4.splat(8192), fraction = i32x4.splat(16383);
      const ties = v128.or(
        i32x4.eq(v128.and(v0, fraction), half),
        i32x4.eq(v128.and(v1, fraction), half),
      );
      if (v128.any_true(ties)) {
        requantize_by_definition(p, z, 8, first + i, 0, y);
        y += size;
        continue;
      }
      v0 = i32x4.shr_s(i32x4.add(v0, half), 14);
      v1 = i32x4.shr_s(i32x4.add(v1, half), 14);
    }
    const q = i16x8.narrow_i32x4_s(i32x4.add(v0, zero), i32x4.add(v1, zero));
    store_eight(y, q, wide);
    y += size;
  }
  if (n > end) requantize_by_definition(p, z, n - end, first + end, 0, y);
}

/** Eight i16, saturated to i8 unless `wide`. */
// @ts-ignore: decorator
@inline
function store_eight(to: usize, q: v128, wide: bool): void {
  if (wide) v128.store(to, q);
  else v128.store64_lane(to, i8x16.narrow_i16x8_s(q, q), 0);
}

/** i32[n] in the range of i8 or i16 → that. */
export function narrow_row(z: usize, n: i32, y: usize, wide: bool): void {
  const size: usize = wide ? 2 : 1;
  for (; n >= 8; n -= 8, z += 32, y += size << 3) {
    store_eight(y, i16x8.narrow_i32x4_s(v128.load(z), v128.load(z, 16)), wide);
  }
  for (; n > 0; n--, z += 4, y += size) {
    store_integer(y, wide ? DTYPE_I16 : DTYPE_I8, load<i32>(z));
  }
}

/** i8 or i16 elements → i32. */
export function widen_row(x: usize, type: i32, n: i32, to: usize): void {
  for (let i = 0; i < n; i += 8, to += 32) {
    const v = type == DTYPE_I8 ? v128.load8x8_s(x + <usize> i) : v128.load(x + (<usize> i << 1));
    v128.store(to, i32x4.extend_low_i16x8_s(v));
    v128.store(to, i32x4.extend_high_i16x8_s(v), 16);
  }
}
