import { byteIndex, packBytes } from "./_bytes_8x4.ts";
import type { PanelElements, Panels } from "./panels.ts";

/** int8 weights as `[⌈n/8⌉][⌈k/4⌉][8 columns][4 k]` two's complement bytes, padded with 0. */
export const panel8x4: Panels = {
  dtype: "i8",
  columns: 4,
  blockBytes: 32,
  title: "int8",
  constantOnly: false,
  stored: "raw",
};

/** Its elements. */
export const panel8x4Elements: PanelElements = {
  pack: (codes, n, k) => packBytes(codes as Int8Array, n, k, 0),
  read: (memory, columns, row, column) => memory[byteIndex(columns, row, column)],
};
