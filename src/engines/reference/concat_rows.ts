import type { Operands } from "./_operands.ts";

/** The rows of `first`, then those of x, for every sequence. */
export function concatRows(op: Operands): void {
  const [first, x, y] = [op.get("first").bits(), op.get("x").bits(), op.get("y").bits()];
  const [batch, length, columns] = y.extents;
  const rest = length - first.rows;
  for (let b = 0; b < batch; b++) {
    for (let row = 0; row < length; row++) {
      for (let c = 0; c < columns; c++) {
        const value = row < first.rows ? first.get(row, c) : x.get(b * rest + row - first.rows, c);
        y.set(b * length + row, c, value);
      }
    }
  }
}
