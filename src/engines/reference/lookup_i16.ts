import type { Operands } from "./_operands.ts";

/** A table of 4,096 entries; codes outside of 12 bits have the first or the last. */
export function lookupI16(op: Operands): void {
  const [x, table, y] = [op.get("x"), op.get("table"), op.get("y")];
  for (let row = 0; row < x.rows; row++) {
    for (let k = 0; k < x.columns; k++) {
      y.set(row, k, table.get(0, Math.max(0, Math.min(4095, x.get(row, k) + 2048))));
    }
  }
}
