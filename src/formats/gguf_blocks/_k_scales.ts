/** Scales and minima of the eight groups of 32 in a block of Q4_K or Q5_K. */
import { halfAt } from "./_block.ts";

/** Groups of a block. */
export const GROUPS = 8;
/** Values of a group. */
export const GROUP = 32;

/** One group: its values are `scale·q − least`. */
export interface Group {
  readonly scale: number;
  readonly least: number;
}

/**
 * A block begins with d and dmin (binary16) and 12 bytes b of 6-bit numbers. Group j < 4 has the scale
 * `b[j] & 63` and the minimum `b[j + 4] & 63`; the others have four bits in b[j + 4], scale low and
 * minimum high, and the two above them at the top of b[j − 4] and b[j].
 */
export function groupAt(bytes: Uint8Array, at: number, j: number): Group {
  const b = at + 4 + j;
  const [scale, least] = j < 4
    ? [bytes[b] & 63, bytes[b + 4] & 63]
    : [bytes[b + 4] & 15 | bytes[b - 4] >> 6 << 4, bytes[b + 4] >> 4 | bytes[b] >> 6 << 4];
  return {
    scale: halfAt(bytes, at) * scale,
    least: halfAt(bytes, at + 2) * least,
  };
}
