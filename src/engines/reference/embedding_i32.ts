import { rotateByAdditions } from "../../numeric/hadamard.ts";
import { requantize } from "../../numeric/requantize.ts";
import type { Operands } from "./_operands.ts";
import { saturate } from "./_requantize.ts";

/** Rows of a table of codes as the residual, rotated with signs. */
export function embeddingI32(op: Operands): void {
  const [table, index, multiplier, y] = ["table", "index", "multiplier", "y"].map((name) =>
    op.get(name)
  );
  const signs = op.optional("signs");
  const shift = op.scalar("shift")!;
  const limit = Math.max(0, op.scalar("limit")!);
  for (let t = 0; t < index.columns; t++) {
    const i = index.get(0, t);
    const codes = table.row(i);
    const h = signs === undefined ? codes : rotateByAdditions(
      codes.map((code, c) => code * signs.get(0, c)),
      op.attribute("paley") === 1,
    );
    h.forEach((value, c) => {
      const r = saturate(requantize(value, multiplier.get(0, i), shift), "i32");
      y.set(t, c, Math.max(-limit, Math.min(limit, r)));
    });
  }
}
