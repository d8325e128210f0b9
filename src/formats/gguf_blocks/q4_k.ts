import type { BlockType } from "./_block.ts";
import { GROUP, groupAt, GROUPS } from "./_k_scales.ts";

/**
 * Q4_K: d, dmin and scales (`_k_scales.ts`), then 128 bytes; each 32 of them are two groups, the low
 * halves first. `(d·scale)·q − dmin·minimum`.
 */
export const Q4_K: BlockType = {
  values: GROUPS * GROUP,
  bytes: 144,
  decode(bytes, at, to, first) {
    for (let j = 0; j < GROUPS; j++) {
      const { scale, least } = groupAt(bytes, at, j);
      const codes = at + 16 + (j >> 1) * GROUP;
      const shift = (j & 1) * 4;
      for (let i = 0; i < GROUP; i++) {
        to[first + j * GROUP + i] = scale * (bytes[codes + i] >> shift & 15) - least;
      }
    }
  },
};
