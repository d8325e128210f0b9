import type { Operands } from "./_operands.ts";

/** Rows of a table, as float32. */
export function embeddingF32(op: Operands): void {
  const [table, index, y] = [op.get("table"), op.get("index"), op.get("y")];
  for (let t = 0; t < index.columns; t++) {
    for (let c = 0; c < y.columns; c++) y.set(t, c, table.get(index.get(0, t), c));
  }
}
