/** Numbers of vectors as a program has them. */
import type { Dyadic } from "../../src/numeric/dyadic.ts";

/** A float32 from its bits. */
export function float32(bits: number): number {
  return new Float32Array(new Uint32Array([bits]).buffer)[0];
}

/** A multiplier of ±2^31 does not fit 32 bits: half of it, and one bit less to shift. */
export function halved(multiplier: number, shift: number): Dyadic {
  return Math.abs(multiplier) === 2 ** 31
    ? { multiplier: multiplier / 2, shift: shift - 1 }
    : { multiplier, shift };
}
