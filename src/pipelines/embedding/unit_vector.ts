import { FewbitError } from "../../errors.ts";

/**
 * An embedding from the channel sums of its text: the sum of squares as a 64-bit integer, one float64
 * square root, and for each channel one float64 division and one rounding to float32. These bits are
 * the same everywhere.
 *
 * @param sums Channel sums, whose squares add up to less than 2^63. All zero gives zeros.
 * @throws {FewbitError} `invalid_argument` where the squares add up to more.
 */
export function unitVector(sums: Int32Array): Float32Array {
  let squares = 0n;
  for (const sum of sums) squares += BigInt(sum) * BigInt(sum);
  if (squares >= 2n ** 63n) {
    throw new FewbitError("invalid_argument", "Cannot normalise: the squares pass 2^63");
  }
  if (squares === 0n) return new Float32Array(sums.length);
  const length = Math.sqrt(Number(squares));
  return Float32Array.from(sums, (sum) => sum / length);
}
