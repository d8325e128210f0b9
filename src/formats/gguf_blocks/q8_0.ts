import { type BlockType, halfAt, signedAt, SMALL_BLOCK } from "./_block.ts";

/** Q8_0: a binary16 scale d, then 32 signed bytes: `d·q`. */
export const Q8_0: BlockType = {
  values: SMALL_BLOCK,
  bytes: 34,
  decode(bytes, at, to, first) {
    const d = halfAt(bytes, at);
    for (let i = 0; i < SMALL_BLOCK; i++) to[first + i] = d * signedAt(bytes, at + 2 + i);
  },
};
