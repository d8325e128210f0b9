import type { Operands } from "./_operands.ts";
import { hiddenBy } from "./_mask.ts";
import { rowSoftmax } from "./_softmax_i8.ts";

/** Integer softmax over the last extent. */
export function softmaxI8(op: Operands): void {
  const [x, y] = [op.get("x"), op.get("y")];
  const [, heads, queries, length] = x.extents;
  const hidden = hiddenBy(op);
  const softmax = rowSoftmax(op, y.dtype === "i8" ? 8 : 16);
  for (let row = 0; row < x.rows; row++) {
    const b = Math.floor(row / (heads * queries));
    const mask = Array.from({ length }, (_, j) => hidden(b, row % queries, j));
    softmax(x.row(row), mask).forEach((p, j) => y.set(row, j, p));
  }
}
