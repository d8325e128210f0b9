import type { Operands } from "./_operands.ts";

/** `y = x`. */
export function copy(op: Operands): void {
  const [x, y] = [op.get("x").bits(), op.get("y").bits()];
  for (let row = 0; row < x.rows; row++) {
    for (let k = 0; k < x.columns; k++) y.set(row, k, x.get(row, k));
  }
}
