/**
 * I-ViT's shift-exponential of `d·scale`, times `|x0|·2^n`; `x0 = ⌊−1/scale⌋`, an x0 above −1 counts
 * as −1. Exact: the result is below 2^56 and has at most 33 significant bits.
 */
export function shiftExp(d: number, x0: number, n: number): number {
  const step = Math.min(x0, -1);
  const p = Math.max(d + (d >> 1) - (d >> 4), n * step);
  const quotient = Math.floor(p / step);
  const t = p - quotient * step - 2 * step;
  // Only a row of nothing but negative values makes the quotient negative and the shift large.
  const shift = Math.min(n - 1 - quotient, 40);
  return Math.floor(t * 2 ** shift);
}

/** Largest sum of exponentials and numerator of their reciprocal. */
export const SUM_LIMIT = 2 ** 31 - 1;
