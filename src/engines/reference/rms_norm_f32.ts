import { inverseRms } from "./float32.ts";
import type { Operands } from "./_operands.ts";

/** RMSNorm. */
export function rmsNormF32(op: Operands): void {
  const { round } = op.arithmetic;
  const [x, gamma, y] = [op.get("x"), op.get("gamma"), op.get("y")];
  for (let row = 0; row < x.rows; row++) {
    const factor = inverseRms(x.row(row), op.scalar("epsilon")!, op.arithmetic);
    for (let c = 0; c < x.columns; c++) {
      y.set(row, c, round(x.get(row, c) * factor) * gamma.get(0, c));
    }
  }
}
