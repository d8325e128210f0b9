// Accumulators of attention → i8: y = clamp(round_half_even(z·m / 2^e)), 16 at a time in f32 where that is sure, else by requantize.ts.
//
// Exactness. M = m·2^-e, s = fl32(fl32(z)·fl32(M)): three roundings, so that |s − z·M| ≤ 3.01·2^-24·|z·M|. While |z·M| < 2^22, adding
// 1.5·2^23 leaves r = nearest(s) in the low bits.
//   |s| ≤ 256: the error is below 2^-14, and s − r is exact. If |s − r| < ½ − 2^-13, no tie lies between s and z·M: r is right. Else the 16
//     are computed by the definition.
//   |s| > 256: |z·M| > 255, which saturates, and so does r. M so small that fl32(M) is not normal gives 0, as it should.
// Floats in *: exact, proof above.
import { DTYPE_I8 } from "../generated/format";
import { requantize_row, RequantizePlan } from "./requantize";

// 1.5·2^23, ½ − 2^-13
const CONSTANTS: usize = memory.data<f32>([12582912.0, 0.4998779296875], 8);

// @ts-ignore: decorator
@inline
function scaled(z: usize, m: v128): v128 {
  return f32x4.mul(f32x4.convert_i32x4_s(v128.load(z)), m);
}

// @ts-ignore: decorator
@inline
function distance(s: v128, t: v128, magic: v128): v128 {
  return f32x4.abs(f32x4.sub(s, f32x4.sub(t, magic)));
}

// @ts-ignore: decorator
@inline
function codes(t0: v128, t1: v128, magic: v128): v128 {
  return i16x8.narrow_i32x4_s(i32x4.sub(t0, magic), i32x4.sub(t1, magic));
}

/**
 * @param plan a requantisation with one multiplier and without a zero point
 * @param z i32[32·tiles], |z| ≤ bound
 */
export function requantize_tiles(plan: usize, z: usize, tiles: i32, y: usize, bound: i64): void {
  const p = changetype<RequantizePlan>(plan);
  const multiplier = load<f64>(p.multipliers);
  if (!p.vector || p.type != DTYPE_I8 || Math.abs(multiplier) * <f64> bound >= 4194304.0) {
    requantize_row(plan, z, tiles << 5, y);
    return;
  }
  const m = f32x4.splat(<f32> multiplier),
    magic = v128.load32_splat(CONSTANTS),
    near = v128.load32_splat(CONSTANTS + 4);
  for (const end = y + (<usize> tiles << 5); y < end; y += 16, z += 64) {
    const s0 = scaled(z, m),
      s1 = scaled(z + 16, m),
      s2 = scaled(z + 32, m),
      s3 = scaled(z + 48, m);
    const t0 = f32x4.add(s0, magic),
      t1 = f32x4.add(s1, magic),
      t2 = f32x4.add(s2, magic),
      t3 = f32x4.add(s3, magic);
    const far = f32x4.pmax(
      f32x4.pmax(distance(s0, t0, magic), distance(s1, t1, magic)),
      f32x4.pmax(distance(s2, t2, magic), distance(s3, t3, magic)),
    );
    v128.store(y, i8x16.narrow_i16x8_s(codes(t0, t1, magic), codes(t2, t3, magic)));
    if (v128.any_true(f32x4.ge(far, near))) requantize_row(plan, z, 16, y);
  }
}
