import { gelu } from "./float32.ts";
import type { Operands } from "./_operands.ts";

/** GELU, element by element. */
export function geluF32(op: Operands): void {
  const [x, y] = [op.get("x"), op.get("y")];
  for (let row = 0; row < x.rows; row++) {
    for (let k = 0; k < x.columns; k++) y.set(row, k, gelu(x.get(row, k), op.arithmetic));
  }
}
