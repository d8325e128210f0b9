import { type BlockType, halfAt, SMALL_BLOCK } from "./_block.ts";

const HALF = SMALL_BLOCK / 2;
/** Q4_1: a scale d and a minimum m (binary16), then codes as in Q4_0. `d·q + m`. */
export const Q4_1: BlockType = {
  values: SMALL_BLOCK,
  bytes: 20,
  decode(bytes, at, to, first) {
    const [d, m] = [halfAt(bytes, at), halfAt(bytes, at + 2)];
    for (let i = 0; i < HALF; i++) {
      const pair = bytes[at + 4 + i];
      to[first + i] = d * (pair & 15) + m;
      to[first + HALF + i] = d * (pair >> 4) + m;
    }
  },
};
