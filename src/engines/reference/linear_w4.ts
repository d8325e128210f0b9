import type { Operands } from "./_operands.ts";
import { finishRow } from "./_shifted.ts";

/** Integer linear layer with weights of 4 bits in groups; the accumulator wraps to 32 bits. */
export function linearW4(op: Operands): void {
  const [x, weight, zero, factor] = [
    op.get("x"),
    op.get("weight"),
    op.get("zero"),
    op.optional("factor"),
  ];
  const group = 16 << op.attribute("group");
  for (let row = 0; row < x.rows; row++) {
    finishRow(op, row, (n) => {
      let acc = 0;
      for (let k = 0; k < x.columns; k++) {
        const g = Math.min(Math.floor(k / group), zero.columns - 1);
        const code = weight.get(n, k) - (zero.get(n, g) & 15);
        acc = acc + x.get(row, k) * code * (factor?.get(n, g) ?? 1) | 0;
      }
      return acc;
    });
  }
}
