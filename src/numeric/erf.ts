/** The error function in float64, to about 1e-15. */

/**
 * `erf(x)`: its Maclaurin series with positive terms for |x| < 3 (Abramowitz and Stegun 7.1.6:
 * `2/√π·e^(−x²)·Σ 2ⁿx^(2n+1)/(1·3·…·(2n+1))`), else a continued fraction of erfc (7.1.14).
 */
export function erf(x: number): number {
  const z = Math.abs(x);
  const value = z < 3 ? series(z) : 1 - complement(z);
  return x < 0 ? -value : value;
}

function series(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; term > sum * 1e-17; n++) {
    term *= 2 * x * x / (2 * n + 1);
    sum += term;
  }
  return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;
}

function complement(x: number): number {
  if (x > 27) return 0;
  let fraction = x;
  for (let n = 60; n > 0; n--) fraction = x + n / 2 / fraction;
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / fraction;
}
