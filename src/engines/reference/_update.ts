/** What the steps of optimisers share. */
import type { Operands } from "./_operands.ts";

/** Calls `step` for each place of a parameter. */
export function forEachParameter(op: Operands, step: (row: number, n: number) => void): void {
  const { rows, columns } = op.get("p");
  for (let row = 0; row < rows; row++) {
    for (let n = 0; n < columns; n++) step(row, n);
  }
}
