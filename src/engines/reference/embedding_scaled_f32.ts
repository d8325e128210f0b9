import type { Operands } from "./_operands.ts";

/** Rows of a table of codes, each times its scale. */
export function embeddingScaledF32(op: Operands): void {
  const [table, scale, index, y] = [op.get("table"), op.get("scale"), op.get("index"), op.get("y")];
  for (let t = 0; t < index.columns; t++) {
    const i = index.get(0, t);
    for (let c = 0; c < y.columns; c++) y.set(t, c, table.get(i, c) * scale.get(0, i));
  }
}
