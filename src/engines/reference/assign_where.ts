import type { Operands } from "./_operands.ts";

/** `y = x` under a condition. */
export function assignWhere(op: Operands): void {
  if (op.scalar("condition") === 0) return;
  const [x, y] = [op.get("x").bits(), op.get("y").bits()];
  for (let row = 0; row < x.rows; row++) {
    for (let k = 0; k < x.columns; k++) y.set(row, k, x.get(row, k));
  }
}
