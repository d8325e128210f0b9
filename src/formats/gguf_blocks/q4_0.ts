import { type BlockType, halfAt, SMALL_BLOCK } from "./_block.ts";

const HALF = SMALL_BLOCK / 2;

/** Q4_0: a binary16 scale d, then 16 bytes: the low halves are values 0…15, the high ones 16…31. `d·(q − 8)`. */
export const Q4_0: BlockType = {
  values: SMALL_BLOCK,
  bytes: 18,
  decode(bytes, at, to, first) {
    const d = halfAt(bytes, at);
    for (let i = 0; i < HALF; i++) {
      const pair = bytes[at + 2 + i];
      to[first + i] = d * ((pair & 15) - 8);
      to[first + HALF + i] = d * ((pair >> 4) - 8);
    }
  },
};
