import type { Operands } from "./_operands.ts";

/** `y[a][c][b] = x[a][b][c]`. */
export function transposeF32(op: Operands): void {
  const [x, y] = [op.get("x").bits(), op.get("y").bits()];
  const [outer, rows, columns, size] = x.extents;
  for (let a = 0; a < outer; a++) {
    for (let b = 0; b < rows; b++) {
      for (let c = 0; c < columns; c++) {
        for (let d = 0; d < size; d++) {
          y.set((a * columns + c) * rows + b, d, x.get((a * rows + b) * columns + c, d));
        }
      }
    }
  }
}
