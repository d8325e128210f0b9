import type { Operands } from "./_operands.ts";
import { perColumn } from "./_requantize.ts";

/** Codes to float32; the difference and the product are each rounded once. */
export function dequantizeLinear(op: Operands): void {
  const [x, scale, y] = [op.get("x"), op.get("scale"), op.get("y")];
  const zeroPoint = op.scalar("zero_point") ?? 0;
  for (let row = 0; row < x.rows; row++) {
    for (let n = 0; n < x.columns; n++) {
      y.set(row, n, Math.fround(x.get(row, n) - zeroPoint) * perColumn(scale, n));
    }
  }
}
