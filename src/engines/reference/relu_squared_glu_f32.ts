import type { Operands } from "./_operands.ts";

/** The square of the gate, 0 where it is negative, times the other half. */
export function reluSquaredGluF32(op: Operands): void {
  const [gate, up, y] = [op.get("gate"), op.get("up"), op.get("y")];
  for (let row = 0; row < y.rows; row++) {
    for (let c = 0; c < y.columns; c++) {
      const r = Math.max(gate.get(row, c), 0);
      y.set(row, c, Math.fround(r * r) * up.get(row, c));
    }
  }
}
