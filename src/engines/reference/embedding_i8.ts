import type { Operands } from "./_operands.ts";
import { requantize } from "../../numeric/requantize.ts";
import { perColumn, saturate } from "./_requantize.ts";
import { positionsOf } from "./_sequences.ts";

/** Rows of a table, each with its own multiplier, plus positions. */
export function embeddingI8(op: Operands): void {
  const table = op.get("table");
  embed(op, (row, c) => table.get(row, c));
}

/** Embeddings of rows whose elements a function gives. */
export function embed(op: Operands, element: (row: number, column: number) => number): void {
  const [positions, index, y] = ["positions", "index", "y"].map((name) => op.get(name));
  const [multiplier, shift] = [op.get("multiplier"), op.get("shift")];
  const [m, e] = [op.scalar("position_multiplier")!, op.scalar("position_shift")!];
  positionsOf(op, positions.rows).forEach((p, t) => {
    const row = index.get(0, t);
    const [rowMultiplier, rowShift] = [multiplier.get(0, row), perColumn(shift, row)];
    for (let c = 0; c < y.columns; c++) {
      const sum = requantize(element(row, c), rowMultiplier, rowShift, 0) +
        requantize(positions.get(p, c), m, e, 0);
      y.set(t, c, saturate(sum, "i16"));
    }
  });
}
