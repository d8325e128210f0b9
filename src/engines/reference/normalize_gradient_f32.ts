import { sum16 } from "./float32.ts";
import type { Operands } from "./_operands.ts";

/** Gradients of normalised columns, with those of scale and shift. */
export function normalizeGradientF32(op: Operands): void {
  const { arithmetic } = op;
  const { round } = arithmetic;
  const [x, dy, dx] = [op.get("x"), op.get("dy"), op.get("dx")];
  const rows = Array.from({ length: x.rows }, (_, row) => row);
  const count = round(x.rows);
  for (let c = 0; c < x.columns; c++) {
    const [mean, inverse, gamma] = ["mean", "inverse", "gamma"].map((of) => op.get(of).get(0, c));
    const normal = rows.map((row) => round(round(x.get(row, c) - mean) * inverse));
    const gradients = rows.map((row) => dy.get(row, c));
    const sum = sum16(gradients, arithmetic);
    const products = sum16(gradients.map((g, row) => round(g * normal[row])), arithmetic);
    op.get("dbeta").set(0, c, sum);
    op.get("dgamma").set(0, c, products);
    const [shift, slope] = [round(sum / count), round(products / count)];
    const factor = round(gamma * inverse);
    for (const row of rows) {
      const rest = round(round(gradients[row] - shift) - round(normal[row] * slope));
      dx.set(row, c, factor * rest);
    }
  }
}
