import type { Operands } from "./_operands.ts";
import { placeOf, tapsOf } from "./_taps.ts";

/** The gradient of the weights of a convolution, outputs ascending. */
export function convWeightGradientF32(op: Operands): void {
  const { round } = op.arithmetic;
  const [x, dy, dw] = [op.get("x"), op.get("dy"), op.get("dw")];
  const taps = tapsOf(op, x);
  const [, rows, columns, outputs] = dy.extents;
  const [, height, width, depth] = dw.extents;
  const perGroup = outputs / op.attribute("group");
  for (let row = 0; row < dw.rows; row++) {
    const o = Math.floor(row / (height * width));
    const [p, q] = [Math.floor(row / width) % height, row % width];
    const first = Math.floor(o / perGroup) * depth;
    for (let d = 0; d < depth; d++) {
      let sum = 0;
      for (let place = 0; place < dy.rows; place++) {
        const b = Math.floor(place / (rows * columns));
        const h = taps.row(Math.floor(place / columns) % rows, p);
        const w = taps.column(place % columns, q);
        const value = h < 0 || w < 0 ? 0 : x.get(placeOf(x, b, h, w), first + d);
        sum = round(sum + round(dy.get(place, o) * value));
      }
      dw.set(row, d, sum);
    }
  }
}
