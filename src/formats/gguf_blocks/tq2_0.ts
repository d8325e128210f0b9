import { type BlockType, halfAt } from "./_block.ts";

/** Values of a run of 32 bytes, and of a plane of one. */
const RUN = 128, PLANE = 32;

/**
 * TQ2_0: two runs of 32 bytes, of which bits 2p and 2p + 1 are plane p, then a binary16 d. `d·(q − 1)`;
 * a q of 3, which no ternary weight has, is what ggml makes of it, 2·d.
 */
export const TQ2_0: BlockType = {
  values: 2 * RUN,
  bytes: 66,
  decode(bytes, at, to, first) {
    const d = halfAt(bytes, at + 64);
    for (let i = 0; i < 2 * RUN; i++) {
      const byte = bytes[at + (i >> 7) * PLANE + (i & PLANE - 1)];
      to[first + i] = d * ((byte >> 2 * (i >> 5 & 3) & 3) - 1);
    }
  },
};
