import { type BlockType, halfAt, signedAt } from "./_block.ts";

/** Values of a half of a block, and of a plane of one. */
const HALF = 128, PLANE = 32;

/**
 * Q6_K: 256 values in two halves, each of four planes of 32. 128 bytes have the low four bits (64 of a
 * half: planes 0 and 1 in the low halves of the bytes, 2 and 3 in the high ones), 64 bytes the two above
 * (32 of a half: plane p in bits 2p and 2p + 1), then a signed scale for each 16 values and a binary16
 * d. `(d·scale)·(q − 32)`.
 */
export const Q6_K: BlockType = {
  values: 2 * HALF,
  bytes: 210,
  decode(bytes, at, to, first) {
    const d = halfAt(bytes, at + 208);
    for (let half = 0; half < 2; half++) {
      for (let plane = 0; plane < 4; plane++) {
        const low = at + half * 64 + (plane & 1) * PLANE;
        const high = at + 128 + half * PLANE;
        const from = half * HALF + plane * PLANE;
        for (let i = 0; i < PLANE; i++) {
          const scale = d * signedAt(bytes, at + 192 + (from + i >> 4));
          const code = bytes[low + i] >> (plane & 2) * 2 & 15 |
            (bytes[high + i] >> 2 * plane & 3) << 4;
          to[first + from + i] = scale * (code - 32);
        }
      }
    }
  },
};
