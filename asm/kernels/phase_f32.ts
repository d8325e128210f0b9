// Cosine and sine of phases (2^32 to a turn), four at a time, of +, −, × and bit operations only. The formulas, in this order of
// operations, each rounded to float32, are in src/numeric/phase.ts.

// 2π/2^32, then the coefficients of the sine and those of the cosine, each from the highest power down, 0.5, 1, and 2^29 as an integer (the
// bits of 2^-63)
const PHASE: usize = memory.data<f32>([
  1.4629180792671596e-9,
  -0.00019587890710681677,
  0.008332747966051102,
  -0.166666641831398,
  0.00002454794230288826,
  -0.001388830249197781,
  0.0416666641831398,
  0.5,
  1,
  1.0842021724855044e-19,
], 16);

// @ts-ignore: decorator
@inline
function coefficient(index: usize): v128 {
  return v128.load32_splat(PHASE + (index << 2));
}

// @ts-ignore: decorator
@inline
function horner(at: usize, x: v128): v128 {
  const p = f32x4.add(f32x4.mul(coefficient(at), x), coefficient(at + 1));
  return f32x4.add(f32x4.mul(p, x), coefficient(at + 2));
}

/** Writes four cosines to `cosines` and four sines to `sines`. */
// @ts-ignore: decorator
@inline
export function cosine_and_sine(phase: v128, cosines: usize, sines: usize): void {
  // The nearest quarter of a turn, and what is left.
  const quarter = i32x4.shr_u(i32x4.add(phase, coefficient(9)), 30);
  const rest = i32x4.sub(phase, i32x4.shl(quarter, 30));
  const x = f32x4.mul(f32x4.convert_i32x4_s(rest), coefficient(0)), z = f32x4.mul(x, x);
  const s = f32x4.add(f32x4.mul(f32x4.mul(horner(1, z), z), x), x);
  const c = f32x4.add(
    f32x4.sub(f32x4.mul(horner(4, z), f32x4.mul(z, z)), f32x4.mul(coefficient(7), z)),
    coefficient(8),
  );
  // An odd quarter swaps them. Bit 1 of the quarter is the sign of the sine, the cosine's differs where bit 0 is set.
  const swap = i32x4.shr_s(i32x4.shl(quarter, 31), 31);
  const other = v128.xor(quarter, i32x4.shl(quarter, 1));
  v128.store(cosines, v128.xor(v128.bitselect(s, c, swap), sign(other)));
  v128.store(sines, v128.xor(v128.bitselect(c, s, swap), sign(quarter)));
}

/** Bit 1 in the place of a sign. */
// @ts-ignore: decorator
@inline
function sign(quarter: v128): v128 {
  return i32x4.shl(i32x4.shr_u(quarter, 1), 31);
}
