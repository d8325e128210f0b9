/** Requantisation: the one definition that every engine equals to the bit. */
/** Rounding of ties to the even neighbour, I-ViT's. */
export const HALF_EVEN = 0;
const HALF_UP = 1;
const HALF_AWAY = 2;
/** CMSIS-NN's and gemmlowp's two roundings. */
const DOUBLE = 3;

/**
 * `round(z·m / 2^e)` of int32 values as an exact integer. An `e` below 1 counts as 1; above 62 the
 * result is 0.
 *
 * | rounding      | r                                                   |
 * | ------------- | --------------------------------------------------- |
 * | 0 `half_even` | nearest integer, the even one of two                |
 * | 1 `half_up`   | `⌊z·m/2^e + ½⌋`                                     |
 * | 2 `half_away` | nearest integer, of two the one farther from 0      |
 * | 3 `double`    | `arm_nn_requantize(z, m, 31 − e)`, see `roundTwice` |
 */
export function requantize(z: number, m: number, e: number, rounding: number = HALF_EVEN): bigint {
  if (e > 62) return 0n;
  const shift = Math.max(e, 1);
  if (rounding === DOUBLE) return roundTwice(z, m, shift);
  const negative = (z < 0) !== (m < 0);
  const { floor, half } = divide(z, m, shift);
  let magnitude = floor;
  if (half > 0) magnitude++;
  if (half === 0) {
    if (rounding === HALF_EVEN) magnitude += floor % 2n;
    if (rounding === HALF_UP && !negative) magnitude++;
    if (rounding === HALF_AWAY) magnitude++;
  }
  return negative ? -magnitude : magnitude;
}

/** `⌊|z·m| / 2^e⌋`, and whether the rest is below (−1), at (0) or above (1) one half. */
function divide(z: number, m: number, e: number): { floor: bigint; half: number } {
  const product = Math.abs(z * m);
  if (product < 2 ** 53) {
    // The product is exact, and so are its quotient by a power of two and both parts of that.
    const quotient = product / 2 ** e;
    const floor = Math.floor(quotient);
    return { floor: BigInt(floor), half: Math.sign(quotient - floor - 0.5) };
  }
  const exact = BigInt(z) * BigInt(m);
  const magnitude = exact < 0n ? -exact : exact;
  const floor = magnitude >> BigInt(e);
  const rest = magnitude - (floor << BigInt(e));
  const half = 1n << BigInt(e - 1);
  return { floor, half: rest < half ? -1 : rest > half ? 1 : 0 };
}

/**
 * CMSIS-NN's `arm_nn_requantize` with a Q31 multiplier m and the shift `31 − e`, so that the scale is
 * `m/2^31·2^(31−e)` = `m/2^e` as above:
 *
 * ```text
 * a = z << max(31 − e, 0)                        32 bits, what is shifted out is lost
 * h = (a·m + 2^30) >> 31                         32 bits: half up (wraps only for a = m = −2^31)
 * r = h / 2^max(e − 31, 0)                       half away from 0
 * ```
 */
function roundTwice(z: number, m: number, e: number): bigint {
  const a = z << Math.max(31 - e, 0);
  const high = Number(BigInt.asIntN(32, (BigInt(a) * BigInt(m) + 2n ** 30n) >> 31n));
  const divisor = 2 ** Math.max(e - 31, 0);
  const magnitude = Math.floor(Math.abs(high) / divisor + 0.5);
  return BigInt(high < 0 ? -magnitude : magnitude);
}
