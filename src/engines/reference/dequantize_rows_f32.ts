import type { Operands } from "./_operands.ts";

/** Sums to float32: times the column's scale, over the row's factor. */
export function dequantizeRowsF32(op: Operands): void {
  const { fround } = Math;
  const [x, scale, alpha, y] = [op.get("x"), op.get("scale"), op.get("alpha"), op.get("y")];
  for (let row = 0; row < x.rows; row++) {
    for (let n = 0; n < x.columns; n++) {
      y.set(row, n, fround(fround(x.get(row, n)) * scale.get(0, n)) / alpha.get(row, 0));
    }
  }
}
