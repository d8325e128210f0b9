import { FewbitError } from "../errors.ts";

/**
 * Undoes the filter of a row of a PNG in place. `above` is the row above it in the same pass, zeros for the first;
 * `step` is the distance in bytes to the same sample of the pixel on the left. Throws `invalid_file`.
 */
export function unfilterRow(
  filter: number,
  row: Uint8Array,
  above: Uint8Array,
  step: number,
): void {
  switch (filter) {
    case 0:
      return;
    case 1:
      for (let i = step; i < row.length; i++) row[i] += row[i - step];
      return;
    case 2:
      for (let i = 0; i < row.length; i++) row[i] += above[i];
      return;
    case 3:
      for (let i = 0; i < row.length; i++) {
        row[i] += ((i < step ? 0 : row[i - step]) + above[i]) >> 1;
      }
      return;
    case 4:
      for (let i = 0; i < row.length; i++) {
        row[i] += i < step ? above[i] : paeth(row[i - step], above[i], above[i - step]);
      }
      return;
    default:
      throw new FewbitError("invalid_file", `Cannot decode PNG: unknown filter ${filter}`);
  }
}

/** Whichever of left, above and above left is closest to left + above - above left. */
function paeth(left: number, above: number, aboveLeft: number): number {
  const estimate = left + above - aboveLeft;
  const toLeft = Math.abs(estimate - left);
  const toAbove = Math.abs(estimate - above);
  const toAboveLeft = Math.abs(estimate - aboveLeft);
  if (toLeft <= toAbove && toLeft <= toAboveLeft) return left;
  return toAbove <= toAboveLeft ? above : aboveLeft;
}
