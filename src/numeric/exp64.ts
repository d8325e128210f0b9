/** A float64 exponential of +, −, × and rounding only: the same bits in JavaScript and in WebAssembly. */

/** ln 2 in two parts; products of the first with integers below 2^20 are exact. */
const LN2_HIGH = 0.6931471803691238, LN2_LOW = 1.9082149292705877e-10;

/** `1/k!`, k from 13 down to 0. */
const COEFFICIENTS: readonly number[] = factorials(13).map((f) => 1 / f).reverse();

function factorials(most: number): number[] {
  const all = [1];
  for (let k = 1; k <= most; k++) all.push(all[k - 1] * k);
  return all;
}

/**
 * eˣ for x ≤ 0, within 2 ulp; 0 below −700.
 *
 * `x = n·ln 2 + r`, |r| ≤ 0.347: the Taylor polynomial of degree 13 is off by less than 0.347¹⁴/14! = 5·10⁻¹⁸.
 */
export function exp64(x: number): number {
  if (x < -700) return 0;
  const n = Math.floor(x * Math.LOG2E + 0.5);
  const r = x - n * LN2_HIGH - n * LN2_LOW;
  return COEFFICIENTS.reduce((sum, c) => sum * r + c) * 2 ** n;
}
