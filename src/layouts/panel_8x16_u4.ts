import { FewbitError } from "../errors.ts";
import { blockOf, expectElements } from "./panels.ts";
import type { PanelElements, Panels } from "./panels.ts";

/**
 * Codes 0 … 15 as `[⌈n/8⌉][⌈k/16⌉][2][8 columns][4]` bytes: of byte j of half h of block g the low four bits
 * hold k = 16g + 8h + j, the high ones k = 16g + 8h + 4 + j. Padded with 0.
 */
export const panel8x16U4: Panels = {
  dtype: "u8",
  columns: 16,
  blockBytes: 64,
  title: "4-bit",
  constantOnly: false,
  stored: "raw",
};

/** Index of the byte of an element. */
function byteIndex(columns: number, row: number, column: number): number {
  const half = blockOf(16, columns, row, column) * 2 + (column >> 3 & 1);
  return half * 32 + (row & 7) * 4 + (column & 3);
}

/** Its elements. */
export const panel8x16U4Elements: PanelElements = {
  pack(elements, n, k) {
    expectElements(elements, n, k);
    const codes = elements as Uint8Array;
    const outside = codes.find((code) => code > 15);
    if (outside !== undefined) {
      throw new FewbitError(
        "invalid_argument",
        `Cannot pack code ${outside} in 4 bits: expected 0 to 15`,
      );
    }
    const out = new Uint8Array(Math.ceil(n / 8) * Math.ceil(k / 16) * 64);
    for (let row = 0; row < n; row++) {
      for (let i = 0; i < k; i++) out[byteIndex(k, row, i)] |= codes[row * k + i] << (i & 4);
    }
    return out;
  },
  read: (memory, columns, row, column) =>
    memory[byteIndex(columns, row, column)] >> (column & 4) & 15,
};
