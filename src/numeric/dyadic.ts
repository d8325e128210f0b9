/** Dyadic numbers: a ratio of scales as `multiplier / 2^shift`. */
import { FewbitError } from "../errors.ts";

/** `multiplier / 2^shift`, 2^30 ≤ |multiplier| < 2^31. */
export interface Dyadic {
  readonly multiplier: number;
  readonly shift: number;
}

/**
 * `a/b` of two float32 scales as a dyadic number: one float64 division, the mantissa rounded half
 * away from zero to 31 bits. A mantissa that rounds up to 2^31 is halved, so that it fits an i32.
 */
export function dyadic(a: number, b: number): Dyadic {
  const ratio = a / b;
  if (!Number.isFinite(ratio)) {
    throw new FewbitError("invalid_file", `Cannot requantise: scales ${a} and ${b} have no ratio`);
  }
  if (ratio === 0) return { multiplier: 0, shift: 31 };
  // frexp: |ratio| = fraction·2^exponent, ½ ≤ fraction < 1. log2 may be off by one at a power of two.
  const magnitude = Math.abs(ratio);
  let exponent = Math.floor(Math.log2(magnitude)) + 1;
  let fraction = magnitude * 2 ** -exponent;
  if (fraction >= 1) {
    exponent += 1;
    fraction /= 2;
  } else if (fraction < 0.5) {
    exponent -= 1;
    fraction *= 2;
  }
  let multiplier = Math.floor(fraction * 2 ** 31 + 0.5);
  let shift = 31 - exponent;
  if (multiplier === 2 ** 31) {
    multiplier = 2 ** 30;
    shift -= 1;
  }
  return { multiplier: ratio < 0 ? -multiplier : multiplier, shift };
}
