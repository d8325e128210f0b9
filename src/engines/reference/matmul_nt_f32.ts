import { matmul } from "./_matmul.ts";
import type { Operands } from "./_operands.ts";

/** `a·bᵀ`, then the bias. */
export function matmulNtF32(op: Operands): void {
  matmul(op, false, true);
  const [bias, y] = [op.optional("bias"), op.get("y")];
  if (bias === undefined) return;
  for (let row = 0; row < y.rows; row++) {
    for (let n = 0; n < y.columns; n++) y.set(row, n, y.get(row, n) + bias.get(0, n));
  }
}
