import type { Operands } from "./_operands.ts";

/** `y[b][i] = x[b][index[i]]`. */
export function gatherRows(op: Operands): void {
  const [x, index, y] = [op.get("x").bits(), op.get("index"), op.get("y").bits()];
  const [batch, length, columns] = y.extents;
  for (let b = 0; b < batch; b++) {
    for (let i = 0; i < length; i++) {
      for (let c = 0; c < columns; c++) {
        y.set(b * length + i, c, x.get(b * x.extents[1] + index.get(0, i), c));
      }
    }
  }
}
