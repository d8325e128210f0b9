/** Index tables of Swin: windows, shifts, merges, relative positions. */
import type { Tensor } from "../tensor.ts";

/** Row of the image at each row of the windows, after a roll by −shift on both axes. */
export function windowIndex(side: number, window: number, shift: number): Int32Array {
  const index = new Int32Array(side * side);
  let at = 0;
  for (let top = 0; top < side; top += window) {
    for (let left = 0; left < side; left += window) {
      for (let y = 0; y < window; y++) {
        for (let x = 0; x < window; x++) {
          index[at++] = (top + y + shift) % side * side + (left + x + shift) % side;
        }
      }
    }
  }
  return index;
}

/** The four rows that merge into one: (row, column) parity (0,0), (1,0), (0,1), (1,1). */
export function mergeIndex(side: number): Int32Array {
  const index: number[] = [];
  for (let y = 0; y < side; y += 2) {
    for (let x = 0; x < side; x += 2) {
      for (const [dy, dx] of [[0, 0], [1, 0], [0, 1], [1, 1]]) {
        index.push((y + dy) * side + x + dx);
      }
    }
  }
  return Int32Array.from(index);
}

/** Row of the bias table for each pair of places in a window. */
export function relativePositionIndex(window: number): Int32Array {
  const size = window * window;
  const index = new Int32Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) {
      const dy = Math.floor(i / window) - Math.floor(j / window) + window - 1;
      const dx = i % window - j % window + window - 1;
      index[i * size + j] = dy * (2 * window - 1) + dx;
    }
  }
  return index;
}

/**
 * Which pairs of a shifted window are hidden: `[windows, window², window²]`, 1 where the two come
 * from different regions of the image.
 */
export function attentionMask(side: number, window: number, shift: number): Tensor {
  const part = (i: number): number => i < side - window ? 0 : i < side - shift ? 1 : 2;
  const size = window * window;
  const count = (side / window) ** 2;
  const labels = windowIndex(side, window, 0).map((row) =>
    3 * part(Math.floor(row / side)) + part(row % side)
  );
  const data = new Uint8Array(count * size * size);
  for (let w = 0; w < count; w++) {
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++) {
        data[(w * size + i) * size + j] = labels[w * size + i] === labels[w * size + j] ? 0 : 1;
      }
    }
  }
  return { dtype: "u8", shape: [count, size, size], data };
}
