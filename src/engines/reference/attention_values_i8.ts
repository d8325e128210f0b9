import type { Operands } from "./_operands.ts";
import { requantizer, saturate } from "./_requantize.ts";

/** Probabilities times values for each head. */
export function attentionValuesI8(op: Operands): void {
  const [p, v, y] = [op.get("p"), op.get("v"), op.get("y")];
  const [batch, heads, queries, length] = p.extents;
  const size = v.columns / heads;
  const requantize = requantizer(op);
  for (let b = 0; b < batch; b++) {
    for (let i = 0; i < queries; i++) {
      for (let c = 0; c < v.columns; c++) {
        const row = (b * heads + Math.floor(c / size)) * queries + i;
        let acc = 0;
        for (let j = 0; j < length; j++) acc = acc + p.get(row, j) * v.get(b * length + j, c) | 0;
        const value = requantize === undefined ? acc : saturate(requantize(acc, 0), y.dtype);
        y.set(b * queries + i, c, value);
      }
    }
  }
}
