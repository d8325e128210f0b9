import { type BlockType, halfAt, SMALL_BLOCK, wordAt } from "./_block.ts";

const HALF = SMALL_BLOCK / 2;
/** Q5_1: a scale d and a minimum m (binary16), 32 bits and codes as in Q5_0. `d·q + m`. */
export const Q5_1: BlockType = {
  values: SMALL_BLOCK,
  bytes: 24,
  decode(bytes, at, to, first) {
    const [d, m] = [halfAt(bytes, at), halfAt(bytes, at + 2)];
    const fifth = wordAt(bytes, at + 4);
    for (let i = 0; i < HALF; i++) {
      const pair = bytes[at + 8 + i];
      to[first + i] = d * (pair & 15 | (fifth >> i & 1) << 4) + m;
      to[first + HALF + i] = d * (pair >> 4 | (fifth >> HALF + i & 1) << 4) + m;
    }
  },
};
