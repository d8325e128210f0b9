import type { Operands } from "./_operands.ts";

/** On in the column of the index, else off; zeros where there is no such column. */
export function oneHotF32(op: Operands): void {
  const [index, values, y] = [op.get("index"), op.get("values"), op.get("y")];
  const [off, on] = values.row(0);
  for (let t = 0; t < y.rows; t++) {
    const hot = index.get(0, t);
    const isColumn = hot >= 0 && hot < y.columns;
    for (let c = 0; c < y.columns; c++) y.set(t, c, !isColumn ? 0 : c === hot ? on : off);
  }
}
