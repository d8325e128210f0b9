import { expectElements } from "./panels.ts";
import type { PanelElements, Panels } from "./panels.ts";

/** Bytes that go with the rows of weights as `[⌈n/8⌉][k][8 columns]`, padded with 0. */
export const panel8U8: Panels = {
  dtype: "u8",
  columns: 1,
  blockBytes: 8,
  title: "bytes",
  constantOnly: false,
  stored: "raw",
};

/** Index of an element. */
function indexOf(columns: number, row: number, column: number): number {
  return ((row >> 3) * columns + column) * 8 + (row & 7);
}

/** Its elements. */
export const panel8U8Elements: PanelElements = {
  pack(elements, n, k) {
    expectElements(elements, n, k);
    const out = new Uint8Array(Math.ceil(n / 8) * k * 8);
    for (let row = 0; row < n; row++) {
      for (let i = 0; i < k; i++) out[indexOf(k, row, i)] = Number(elements[row * k + i]);
    }
    return out;
  },
  read: (memory, columns, row, column) => memory[indexOf(columns, row, column)],
};
