/** Logarithms in float32 of +, −, ×, ÷ and bit operations only: the same bits on every host. */
import { exp, horner } from "./exp.ts";

const { fround } = Math;

/** ln 2 in two parts; the first has few bits, so that its products with small integers are exact. */
const LN2_HIGH = 0.693359375;
const LN2_LOW = fround(-0.00021219444170128554);
/** `ln((1 + s)/(1 − s)) / s − 2` in s², |s| ≤ 0.1716: 2/3, 2/5, 2/7, 2/9; what is left out is below 4e-9. */
const COEFFICIENTS = [2 / 9, 2 / 7, 2 / 5, 2 / 3].map(fround);
/** Mantissas from here on count as half as large, so that they lie around 1. */
const SQRT2 = fround(Math.SQRT2);

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/** `ln x` to about one unit in the last place; −∞ for ±0, NaN for what is below. */
export function log(x: number): number {
  if (!(x > 0)) return x === 0 ? -Infinity : NaN;
  if (x === Infinity) return x;
  // Numbers below 2^-126 have no exponent of their own.
  const isSmall = x < 2 ** -126;
  float[0] = isSmall ? x * 2 ** 24 : x;
  let exponent = (bits[0] >>> 23) - 127 - (isSmall ? 24 : 0);
  bits[0] = bits[0] & 0x7fffff | 0x3f800000;
  let mantissa = float[0];
  if (mantissa > SQRT2) {
    mantissa /= 2;
    exponent++;
  }
  // Exact: the mantissa is within a factor of two of 1.
  const f = fround(mantissa - 1);
  const s = fround(f / fround(2 + f));
  const square = fround(s * s);
  const series = fround(horner(COEFFICIENTS, square) * square);
  // ln m = 2s + s·series = f − s·(f − series), which keeps the bits of f.
  const rest = fround(s * fround(f - series));
  const low = fround(fround(exponent * LN2_LOW) - rest);
  return fround(fround(low + f) + fround(exponent * LN2_HIGH));
}

/** `ln (1 + x)`, x > −1: what 1 + x loses of x is put back as a factor (Kahan). */
export function log1p(x: number): number {
  const u = fround(1 + x);
  return u === 1 ? x : fround(fround(log(u) * x) / fround(u - 1));
}

/** `e^x − 1`, x ≤ 88, likewise. */
export function expm1(x: number): number {
  const u = exp(x);
  if (u === 1) return x;
  const difference = fround(u - 1);
  return difference === -1 ? -1 : fround(fround(difference * x) / log(u));
}
