import { inverseRms, silu } from "./float32.ts";
import type { Operands } from "./_operands.ts";

/** The normalised projection times the SiLU of the state. */
export function hgrnGateF32(op: Operands): void {
  const { round } = op.arithmetic;
  const [p, gamma, x, y] = [op.get("p"), op.get("gamma"), op.get("x"), op.get("y")];
  for (let row = 0; row < p.rows; row++) {
    const factor = inverseRms(p.row(row), op.scalar("epsilon")!, op.arithmetic);
    for (let c = 0; c < p.columns; c++) {
      const norm = round(round(p.get(row, c) * factor) * gamma.get(0, c));
      y.set(row, c, norm * silu(x.get(row, c), op.arithmetic));
    }
  }
}
