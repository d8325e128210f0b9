import type { Operands } from "./_operands.ts";
import { repeated } from "./_repeated.ts";

/** a where the condition is not 0, else b. */
export function whereF32(op: Operands): void {
  const [a, b, condition, y] = [op.get("a"), op.get("b"), op.get("condition"), op.get("y")];
  for (let row = 0; row < a.rows; row++) {
    for (let n = 0; n < a.columns; n++) {
      const chosen = repeated(condition, row, n) !== 0;
      y.set(row, n, chosen ? a.get(row, n) : b.get(row, n));
    }
  }
}
