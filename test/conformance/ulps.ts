/** Distance of a float32 from a float64, in units of the last place of a float32 as large. */
export function ulps(actual: number, exact: number): number {
  const exponent = Math.max(Math.floor(Math.log2(Math.abs(exact))), -126);
  return Math.abs(actual - exact) / 2 ** (exponent - 23);
}
