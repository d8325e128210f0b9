/** Rounding and float32 helpers that the quantisers share. */

/** Least scale: the float32 machine epsilon, 2^-23. */
export const LEAST_SCALE = 2 ** -23;

/** The nearest integer, half to even; exact for |x| < 2^52. */
export function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  if (rest < 0.5) return floor;
  if (rest > 0.5) return floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

/** Largest code of a symmetric grid of `bits` bits: 127, 32767. */
export function largestCode(bits: number): number {
  return 2 ** (bits - 1) - 1;
}

/** Clamps to the codes of `bits` bits. */
export function clampCode(code: number, bits: number): number {
  const largest = largestCode(bits);
  return Math.max(-largest - 1, Math.min(largest, code));
}

/** Scale of a symmetric grid on which `magnitude` is the largest code: float32. */
export function scaleOf(magnitude: number, bits: number): number {
  return Math.max(Math.fround(magnitude / largestCode(bits)), LEAST_SCALE);
}

/** `clamp(round(fl32(fl32(1/scale)·x)))`: how inputs, weights and biases become codes. */
export function quantizeValue(x: number, scale: number, bits: number): number {
  return clampCode(roundHalfEven(Math.fround(Math.fround(1 / scale) * x)), bits);
}
