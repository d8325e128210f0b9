import { type BlockType, halfAt } from "./_block.ts";

/** Runs of bytes: how many, and of how many trits each. */
const RUNS = [[32, 5], [16, 5], [4, 4]] as const;

/**
 * TQ1_0: bytes of five trits (the last four of four), then a binary16 d. Trit p of a byte b is
 * `((b·3^p mod 256)·3) >> 8`; a run has trit 0 of all its bytes first. `d·(trit − 1)`.
 */
export const TQ1_0: BlockType = {
  values: 256,
  bytes: 54,
  decode(bytes, at, to, first) {
    const d = halfAt(bytes, at + 52);
    for (const [count, trits] of RUNS) {
      for (let p = 0, power = 1; p < trits; p++, power *= 3) {
        for (let i = 0; i < count; i++) {
          to[first++] = d * (((bytes[at + i] * power & 255) * 3 >> 8) - 1);
        }
      }
      at += count;
    }
  },
};
