/** Ratios of scales as multipliers that share a shift, as integer language models requantise. */
import { FewbitError } from "../errors.ts";

/** `multipliers[n] / 2^shift`. */
export interface SharedShift {
  readonly multipliers: Int32Array<ArrayBuffer>;
  readonly shift: number;
}

/**
 * Multipliers below 2^31 as large as they can be with one shift for all, `sign·⌊|ratio|·2^shift + ½⌋` in
 * float64: integer SIMD shifts all lanes alike.
 *
 * @throws {FewbitError} `unsupported` where the shift is not 1 … 62: the scales are too far apart.
 */
export function sharedShift(ratios: ArrayLike<number>, name: string): SharedShift {
  let largest = 0;
  for (let i = 0; i < ratios.length; i++) largest = Math.max(largest, Math.abs(ratios[i]));
  if (!Number.isFinite(largest)) {
    throw new FewbitError("unsupported", `Cannot requantise ${name}: a ratio is ${largest}`);
  }
  let shift = 31 - exponentOf(largest);
  // A mantissa that rounds up to 2^31 is halved.
  if (Math.floor(largest * 2 ** shift + 0.5) === 2 ** 31) shift -= 1;
  if (shift < 1 || shift > 62) {
    throw new FewbitError(
      "unsupported",
      `Cannot requantise ${name}: its largest ratio of scales is ${largest}, the shift ${shift}`,
    );
  }
  const factor = 2 ** shift;
  const multipliers = Int32Array.from(
    ratios,
    (ratio) => Math.sign(ratio) * Math.floor(Math.abs(ratio) * factor + 0.5),
  );
  return { multipliers, shift };
}

/** The e of `x = fraction·2^e`, ½ ≤ fraction < 1; 0 of 0. */
function exponentOf(x: number): number {
  if (x === 0) return 0;
  // log2 may be off by one at a power of two.
  const exponent = Math.floor(Math.log2(x)) + 1;
  const fraction = x * 2 ** -exponent;
  return fraction >= 1 ? exponent + 1 : fraction < 0.5 ? exponent - 1 : exponent;
}
