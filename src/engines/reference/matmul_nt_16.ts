import { dot16 } from "../../numeric/accumulate16.ts";
import { fromHalf, toHalf } from "../../numeric/half.ts";
import type { HalfType } from "../../numeric/half.ts";
import type { Operands } from "./_operands.ts";

/** Products whose sums are kept in 16 bits. */
export function matmulNt16(op: Operands): void {
  const [a, b, y] = [op.get("a"), op.get("b"), op.get("y")];
  const type = y.dtype as HalfType;
  const row = (of: typeof a, index: number): number[] =>
    of.row(index).map((bits) => fromHalf(type, bits));
  const [, rows, columns] = y.extents;
  const isOne = b.extents[0] === 1;
  for (let i = 0; i < y.rows; i++) {
    const left = row(a, i);
    const first = isOne ? 0 : Math.floor(i / rows) * columns;
    for (let j = 0; j < columns; j++) {
      const sum = dot16(
        type,
        left,
        row(b, first + j),
        op.attribute("lanes"),
        op.attribute("fused") === 1,
      );
      y.set(i, j, toHalf(type, sum));
    }
  }
}
