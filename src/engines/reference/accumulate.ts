import type { Operands } from "./_operands.ts";

/** `y += x`. */
export function accumulate(op: Operands): void {
  const [x, y] = [op.get("x"), op.get("y")];
  for (let row = 0; row < x.rows; row++) {
    for (let k = 0; k < x.columns; k++) y.set(row, k, y.get(row, k) + x.get(row, k));
  }
}
