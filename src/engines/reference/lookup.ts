import type { Operands } from "./_operands.ts";

/** A table of 256 entries for each column, the tables taken in turn. */
export function lookup(op: Operands): void {
  const [x, table, y] = [op.get("x"), op.get("table"), op.get("y")];
  const first = x.dtype === "i8" ? 128 : 0;
  for (let row = 0; row < x.rows; row++) {
    for (let k = 0; k < x.columns; k++) {
      y.set(row, k, table.get(k % table.rows, x.get(row, k) + first));
    }
  }
}
