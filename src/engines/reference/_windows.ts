/** The windows of pooling. */
import type { Operand, Operands } from "./_operands.ts";
import { placeOf, tapsOf } from "./_taps.ts";

/** What stands for a place where there is none, and for one that a byte does not hold. */
export const NO_PLACE = 255;

/** A window: the row of its output, and the rows of its places in the picture, row by row. */
export interface Window {
  readonly output: number;
  readonly places: readonly number[];
  /** Which of all places of a window these are. */
  readonly within: readonly number[];
}

/** The windows of a picture `[B, H, W, C]` with outputs `[B, I, J, C]`, in order. */
export function* windowsOf(
  op: Operands,
  picture: Operand,
  outputs: Operand,
  dilated: boolean,
): Generator<Window> {
  const taps = tapsOf(op, picture, dilated);
  const [height, width] = [op.attribute("kernel_h"), op.attribute("kernel_w")];
  const [batch, rows, columns] = outputs.extents;
  for (let output = 0; output < batch * rows * columns; output++) {
    const b = Math.floor(output / (rows * columns));
    const [i, j] = [Math.floor(output / columns) % rows, output % columns];
    const places: number[] = [];
    const within: number[] = [];
    for (let p = 0; p < height; p++) {
      for (let q = 0; q < width; q++) {
        const [h, w] = [taps.row(i, p), taps.column(j, q)];
        if (h < 0 || w < 0) continue;
        places.push(placeOf(picture, b, h, w));
        within.push(p * width + q);
      }
    }
    yield { output, places, within };
  }
}

/** The place of the first largest element of a channel in a window. */
export function largestOf(x: Operand, places: readonly number[], channel: number): number {
  return places.reduce((best, at) => x.get(best, channel) < x.get(at, channel) ? at : best);
}

/** Sets all elements to 0. */
export function clear(x: Operand): void {
  for (let row = 0; row < x.rows; row++) {
    for (let c = 0; c < x.columns; c++) x.set(row, c, 0);
  }
}
