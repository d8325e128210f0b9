import { mergedBits } from "../../numeric/split_master.ts";
import type { Operands } from "./_operands.ts";

/** What was split. */
export function mergeMasterF32(op: Operands): void {
  const [high, low, y] = [op.get("high"), op.get("low"), op.get("y").bits()];
  for (let row = 0; row < y.rows; row++) {
    for (let k = 0; k < y.columns; k++) {
      y.set(row, k, mergedBits(high.get(row, k), low.get(row, k)));
    }
  }
}
