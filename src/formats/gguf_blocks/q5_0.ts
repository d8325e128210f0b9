import { type BlockType, halfAt, SMALL_BLOCK, wordAt } from "./_block.ts";

const HALF = SMALL_BLOCK / 2;

/** Q5_0: a binary16 scale d, 32 bits (bit i is bit 4 of value i), then codes as in Q4_0. `d·(q − 16)`. */
export const Q5_0: BlockType = {
  values: SMALL_BLOCK,
  bytes: 22,
  decode(bytes, at, to, first) {
    const d = halfAt(bytes, at);
    const fifth = wordAt(bytes, at + 2);
    for (let i = 0; i < HALF; i++) {
      const pair = bytes[at + 6 + i];
      to[first + i] = d * ((pair & 15 | (fifth >> i & 1) << 4) - 16);
      to[first + HALF + i] = d * ((pair >> 4 | (fifth >> HALF + i & 1) << 4) - 16);
    }
  },
};
