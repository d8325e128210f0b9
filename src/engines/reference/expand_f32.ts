import type { Operands } from "./_operands.ts";

/** `y[a][b] = x[a]`. */
export function expandF32(op: Operands): void {
  const [x, y] = [op.get("x").bits(), op.get("y").bits()];
  const [, times] = y.extents;
  for (let row = 0; row < y.rows; row++) {
    for (let c = 0; c < y.columns; c++) y.set(row, c, x.get(Math.floor(row / times), c));
  }
}
