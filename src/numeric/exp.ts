/** The float32 exponential that kernels and sampling share: the same bits on every host. */
const { fround } = Math;

export const LOG2E: number = fround(1.4426950408889634);
/** ln 2 in two parts; the first has few bits, so that its products with small integers are exact. */
const LN2_HIGH = 0.693359375;
export const LN2_LOW: number = fround(-0.00021219444170128554);
/** Below, the result is 0. */
const EXP_LEAST = fround(-87.33);
/** 1.5·2^23: adding it rounds to an integer, which the low bits hold. */
const ROUNDING_TERM = 12582912;
/** Of the polynomial, highest power first. */
export const EXP_COEFFICIENTS: readonly number[] = [
  0.0013814539415761828,
  0.00836874544620514,
  0.04166838899254799,
  0.1666652113199234,
  0.4999999403953552,
].map(fround);

/** eˣ for x ≤ 88. */
export function exp(x: number): number {
  if (x < EXP_LEAST) return 0;
  const n = fround(fround(fround(x * LOG2E) + ROUNDING_TERM) - ROUNDING_TERM);
  const r = fround(fround(x - fround(n * LN2_HIGH)) - fround(n * LN2_LOW));
  const p = horner(EXP_COEFFICIENTS, r);
  const y = fround(fround(fround(p * fround(r * r)) + r) + 1);
  return fround(y * 2 ** n);
}

/** A polynomial, from the highest power down. */
export function horner(coefficients: readonly number[], x: number): number {
  return coefficients.reduce((sum, c) => fround(fround(sum * x) + c));
}
