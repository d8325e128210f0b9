import type { BlockType } from "./_block.ts";
import { GROUP, groupAt, GROUPS } from "./_k_scales.ts";

/**
 * Q5_K: as Q4_K, with 32 bytes between the scales and the codes: bit j of byte i is bit 4 of value i
 * of group j.
 */
export const Q5_K: BlockType = {
  values: GROUPS * GROUP,
  bytes: 176,
  decode(bytes, at, to, first) {
    for (let j = 0; j < GROUPS; j++) {
      const { scale, least } = groupAt(bytes, at, j);
      const codes = at + 48 + (j >> 1) * GROUP;
      const shift = (j & 1) * 4;
      for (let i = 0; i < GROUP; i++) {
        const code = bytes[codes + i] >> shift & 15 | (bytes[at + 16 + i] >> j & 1) << 4;
        to[first + j * GROUP + i] = scale * code - least;
      }
    }
  },
};
