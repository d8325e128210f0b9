import type { Operands } from "./_operands.ts";

/** `y = a + b`. */
export function addF32(op: Operands): void {
  const [a, b, y] = [op.get("a"), op.get("b"), op.get("y")];
  for (let row = 0; row < a.rows; row++) {
    for (let n = 0; n < a.columns; n++) y.set(row, n, a.get(row, n) + b.get(row % b.rows, n));
  }
}
