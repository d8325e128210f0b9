import { blockOf, expectElements } from "./panels.ts";
import type { PanelElements, Panels } from "./panels.ts";

/**
 * Trits as `[⌈n/8⌉][⌈k/16⌉][8 columns][4]` bytes: bits 2p and 2p+1 of byte j of group g hold `t + 1` of
 * k = 16g + 4p + j, padded with t = 0. A file has trits in base 3 (`numeric/base3.ts`); loaders make
 * these panels.
 */
export const panel8x16T2: Panels = {
  dtype: "i8",
  columns: 16,
  blockBytes: 32,
  title: "ternary",
  constantOnly: true,
  stored: "base3",
};

/** Its elements. */
export const panel8x16T2Elements: PanelElements = {
  pack(elements, n, k) {
    expectElements(elements, n, k);
    const trits = elements as Int8Array;
    const groups = Math.ceil(k / 16);
    const out = new Uint8Array(Math.ceil(n / 8) * groups * 32).fill(0x55);
    for (let row = 0; row < n; row++) {
      const base = (row >> 3) * groups * 32 + (row & 7) * 4;
      for (let i = 0; i < k; i++) {
        // 01 becomes trit + 1
        out[base + (i >> 4) * 32 + (i & 3)] ^= (trits[row * k + i] + 1 ^ 1) << 2 * (i >> 2 & 3);
      }
    }
    return out;
  },
  read(memory, columns, row, column) {
    const byte = memory[blockOf(16, columns, row, column) * 32 + (row & 7) * 4 + (column & 3)];
    return (byte >> 2 * (column >> 2 & 3) & 3) - 1;
  },
};
