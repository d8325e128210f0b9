import type { Operands } from "./_operands.ts";
import { sumsOf } from "./_sums.ts";
import { placeOf, tapsOf } from "./_taps.ts";

/** Convolution, taps and channels ascending. */
export function convF32(op: Operands): void {
  const { round } = op.arithmetic;
  const { add } = sumsOf(op);
  const [x, weight, bias, y] = [op.get("x"), op.get("weight"), op.optional("bias"), op.get("y")];
  const taps = tapsOf(op, x);
  const [batch, rows, columns, outputs] = y.extents;
  const [, height, width, depth] = weight.extents;
  const perGroup = outputs / op.attribute("group");
  for (let b = 0; b < batch; b++) {
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) {
        for (let o = 0; o < outputs; o++) {
          const first = Math.floor(o / perGroup) * depth;
          let sum = 0;
          for (let p = 0; p < height; p++) {
            for (let q = 0; q < width; q++) {
              const [h, w] = [taps.row(i, p), taps.column(j, q)];
              for (let d = 0; d < depth; d++) {
                const value = h < 0 || w < 0 ? 0 : x.get(placeOf(x, b, h, w), first + d);
                sum = add(sum, round(value * weight.get((o * height + p) * width + q, d)));
              }
            }
          }
          if (bias !== undefined) sum = round(sum + bias.get(0, o));
          y.set(placeOf(y, b, i, j), o, sum);
        }
      }
    }
  }
}
