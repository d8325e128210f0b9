/** What the two layouts of bytes `[⌈n/8⌉][⌈k/4⌉][8 columns][4 k]` have in common. */
import { blockOf, expectElements } from "./panels.ts";

/** Packs codes plus `offset`, which is also what pads. */
export function packBytes(
  codes: Int8Array,
  n: number,
  k: number,
  offset: number,
): Uint8Array<ArrayBuffer> {
  expectElements(codes, n, k);
  const blocks = Math.ceil(k / 4);
  const out = new Uint8Array(Math.ceil(n / 8) * blocks * 32).fill(offset);
  for (let row = 0; row < n; row++) {
    const base = (row >> 3) * blocks * 32 + (row & 7) * 4;
    for (let i = 0; i < k; i++) out[base + (i >> 2) * 32 + (i & 3)] = codes[row * k + i] + offset;
  }
  return out;
}

/** Index of the byte of an element. */
export function byteIndex(columns: number, row: number, column: number): number {
  return blockOf(4, columns, row, column) * 32 + (row & 7) * 4 + (column & 3);
}
