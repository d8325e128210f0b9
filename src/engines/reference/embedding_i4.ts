import { embed } from "./embedding_i8.ts";
import type { Operands } from "./_operands.ts";

/** Rows of 4-bit codes with a factor for each group, plus positions. */
export function embeddingI4(op: Operands): void {
  const [table, factors] = [op.get("table"), op.get("factors")];
  const group = op.attribute("group");
  embed(op, (row, c) => {
    const half = table.get(row, c >> 1) >> 4 * (c & 1) & 15;
    return (half < 8 ? half : half - 16) * factors.get(row, Math.floor(c / group));
  });
}
