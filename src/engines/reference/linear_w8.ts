import type { Operands } from "./_operands.ts";
import { finishRow } from "./_shifted.ts";

/** Integer linear layer with one shift; the accumulator wraps to 32 bits. */
export function linearW8(op: Operands): void {
  const [x, weight] = [op.get("x"), op.get("weight")];
  for (let row = 0; row < x.rows; row++) {
    finishRow(op, row, (n) => {
      let acc = 0;
      for (let k = 0; k < x.columns; k++) acc = acc + x.get(row, k) * weight.get(n, k) | 0;
      return acc;
    });
  }
}
