import type { Operands } from "./_operands.ts";
import { sequencesOf } from "./_sequences.ts";

/** The sum of each sequence's rows, or its first row. */
export function poolRows(op: Operands): void {
  const [x, y] = [op.get("x"), op.get("y")];
  const first = op.attribute("pooling") === 1;
  const round = x.dtype === "f32" ? op.arithmetic.round : (sum: number) => sum | 0;
  sequencesOf(op).forEach(([start, end], s) => {
    for (let c = 0; c < y.columns; c++) {
      let sum = 0;
      const last = first ? Math.min(start + 1, end) : end;
      for (let t = start; t < last; t++) sum = round(sum + x.get(t, c));
      y.set(s, c, sum);
    }
  });
}
