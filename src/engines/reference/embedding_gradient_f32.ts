import type { Operands } from "./_operands.ts";
import { clear } from "./_windows.ts";

/** Adds the gradient of each token to the row of its id. */
export function embeddingGradientF32(op: Operands): void {
  const [index, dy, dtable] = [op.get("index"), op.get("dy"), op.get("dtable")];
  clear(dtable);
  for (let t = 0; t < dy.rows; t++) {
    const row = index.get(0, t);
    for (let c = 0; c < dy.columns; c++) dtable.set(row, c, dtable.get(row, c) + dy.get(t, c));
  }
}
