import type { Operands } from "./_operands.ts";
import { sumsOf } from "./_sums.ts";
import { placeOf, tapsOf } from "./_taps.ts";

/** The adjoint of convolution: a sum for each tap, added to where it reads; in 16 bits one that goes on there. */
export function convTransposeF32(op: Operands): void {
  const { round } = op.arithmetic;
  const { areHalves, add } = sumsOf(op);
  const [x, weight, y] = [op.get("x"), op.get("weight"), op.get("y")];
  const taps = tapsOf(op, y);
  const [batch, rows, columns, outputs] = x.extents;
  const [, height, width, depth] = weight.extents;
  const perGroup = outputs / op.attribute("group");
  for (let row = 0; row < y.rows; row++) {
    for (let c = 0; c < y.columns; c++) y.set(row, c, 0);
  }
  for (let p = 0; p < height; p++) {
    for (let q = 0; q < width; q++) {
      for (let place = 0; place < batch * rows * columns; place++) {
        const b = Math.floor(place / (rows * columns));
        const h = taps.row(Math.floor(place / columns) % rows, p);
        const w = taps.column(place % columns, q);
        if (h < 0 || w < 0) continue;
        for (let c = 0; c < y.columns; c++) {
          const group = Math.floor(c / depth);
          const at = placeOf(y, b, h, w);
          let sum = areHalves ? y.get(at, c) : 0;
          for (let o = group * perGroup; o < (group + 1) * perGroup; o++) {
            const tap = weight.get((o * height + p) * width + q, c % depth);
            sum = add(sum, round(x.get(place, o) * tap));
          }
          y.set(at, c, areHalves ? sum : y.get(at, c) + sum);
        }
      }
    }
  }
}
