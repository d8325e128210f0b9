/** Seeded random numbers of one mutant, so that it can be made again alone. */
import { Random } from "../conformance/_random.ts";

export type { Random };

/** The generator (Marsaglia's xorshift32) of mutant `index` of a run. */
export function randomOf(seed: number, index: number): Random {
  // Neighbouring seeds would give neighbouring first numbers: mixed as MurmurHash3 ends.
  let x = Math.imul(seed, 0x9E3779B1) + index | 0;
  x = Math.imul(x ^ x >>> 16, 0x85EBCA6B);
  x = Math.imul(x ^ x >>> 13, 0xC2B2AE35);
  return new Random(x ^ x >>> 16);
}
