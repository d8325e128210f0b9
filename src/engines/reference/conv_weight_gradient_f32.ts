import { addBlocks } from "./_matmul.ts";
import type { Operands } from "./_operands.ts";
import { sumsOf } from "./_sums.ts";
import { placeOf, tapsOf } from "./_taps.ts";

/** The gradient of the weights of a convolution: blocks of places, which begin anew in each picture; in 16 bits one sum. */
export function convWeightGradientF32(op: Operands): void {
  const { round } = op.arithmetic;
  const sums = sumsOf(op);
  const [x, dy, dw] = [op.get("x"), op.get("dy"), op.get("dw")];
  const taps = tapsOf(op, x);
  const [batch, rows, columns, outputs] = dy.extents;
  const [, height, width, depth] = dw.extents;
  const perGroup = outputs / op.attribute("group");
  for (let row = 0; row < dw.rows; row++) {
    const o = Math.floor(row / (height * width));
    const [p, q] = [Math.floor(row / width) % height, row % width];
    const first = Math.floor(o / perGroup) * depth;
    for (let d = 0; d < depth; d++) {
      let total: number | undefined;
      for (let b = 0; b < batch; b++) {
        total = addBlocks(total, rows * columns, (place) => {
          const [h, w] = [
            taps.row(Math.floor(place / columns), p),
            taps.column(place % columns, q),
          ];
          const value = h < 0 || w < 0 ? 0 : x.get(placeOf(x, b, h, w), first + d);
          return round(dy.get(b * rows * columns + place, o) * value);
        }, sums);
      }
      dw.set(row, d, total!);
    }
  }
}
