import { expectElements } from "./panels.ts";
import type { PanelElements, Panels } from "./panels.ts";

/** float32 weights as `[⌈n/8⌉][k][8 columns]`, padded with 0. */
export const panel8: Panels = {
  dtype: "f32",
  columns: 1,
  blockBytes: 32,
  title: "float32",
  constantOnly: false,
  stored: "raw",
};

/** Its elements. */
export const panel8Elements: PanelElements = {
  pack(elements, n, k) {
    expectElements(elements, n, k);
    const out = new Float32Array(Math.ceil(n / 8) * k * 8);
    for (let row = 0; row < n; row++) {
      const base = (row >> 3) * k * 8 + (row & 7);
      for (let i = 0; i < k; i++) out[base + i * 8] = (elements as Float32Array)[row * k + i];
    }
    return new Uint8Array(out.buffer);
  },
  read: (memory, columns, row, column) => memory[((row >> 3) * columns + column) * 8 + (row & 7)],
};
