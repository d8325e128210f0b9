/** Symmetric grids of few bits: scales and codes. */
import { roundHalfEven } from "./half_even.ts";

/** Least scale: the float32 machine epsilon, 2^-23. */
export const LEAST_SCALE = 2 ** -23;

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
