import type { Operands } from "./_operands.ts";

/** Whether no element is an infinity or NaN. */
export function allFiniteF32(op: Operands): void {
  const x = op.get("x");
  let finite = true;
  for (let row = 0; row < x.rows; row++) finite &&= x.row(row).every(Number.isFinite);
  const y = op.get("y");
  for (let k = 0; k < y.columns; k++) y.set(0, k, finite ? 1 : 0);
}
