import { softmax } from "./float32.ts";
import type { Operands } from "./_operands.ts";

/** Softmax over the last extent. */
export function softmaxF32(op: Operands): void {
  const [x, y] = [op.get("x"), op.get("y")];
  for (let row = 0; row < x.rows; row++) {
    softmax(x.row(row), op.arithmetic).forEach((p, j) => y.set(row, j, p));
  }
}
