import { silu } from "./float32.ts";
import type { Operands } from "./_operands.ts";

/** SiLU of the gate, times the other half. */
export function swigluF32(op: Operands): void {
  const [gate, up, y] = [op.get("gate"), op.get("up"), op.get("y")];
  for (let row = 0; row < y.rows; row++) {
    for (let c = 0; c < y.columns; c++) {
      y.set(row, c, silu(gate.get(row, c), op.arithmetic) * up.get(row, c));
    }
  }
}
