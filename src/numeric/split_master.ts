/**
 * A float32 as a bfloat16 and what is left of it: `high = (bits + 0x8000) >> 16`, `low = bits − (high << 16)`, from −32768 to
 * 32767. Half up and not half even, so that a tie fits; `(high << 16) + low` gives every pattern back, modulo 2³².
 */

/** The upper half, which networks run with, of the bits of a float32. */
export function highHalf(bits: number): number {
  return (bits + 0x8000) / 0x10000 & 0xffff;
}

/** What is left, signed. */
export function lowHalf(bits: number): number {
  return (bits << 16) >> 16;
}

/** The bits of the float32. */
export function mergedBits(high: number, low: number): number {
  return ((high << 16) + low) >>> 0;
}
