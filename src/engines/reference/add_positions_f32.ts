import type { Operands } from "./_operands.ts";
import { positionsOf } from "./_sequences.ts";

/** Adds the row of each token's position. */
export function addPositionsF32(op: Operands): void {
  const [x, positions, y] = [op.get("x"), op.get("positions"), op.get("y")];
  positionsOf(op, positions.rows).forEach((p, t) => {
    for (let c = 0; c < y.columns; c++) y.set(t, c, x.get(t, c) + positions.get(p, c));
  });
}
