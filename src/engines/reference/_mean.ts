/**
 * `sum / count` to the nearest integer, the even one of two; exact while the mean has at
 * most 17 bits and the count 31.
 */
export function meanHalfEven(sum: number, count: number): number {
  const floor = Math.floor(sum / count);
  const twice = 2 * (sum - floor * count);
  return twice > count || (twice === count && floor % 2 !== 0) ? floor + 1 : floor;
}
