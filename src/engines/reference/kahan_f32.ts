import { fromHalf, roundToHalf, toHalf } from "../../numeric/half.ts";
import type { HalfType } from "../../numeric/half.ts";
import type { Operands } from "./_operands.ts";

/** A sum, and what was rounded away of it. */
export function kahanF32(op: Operands): void {
  const [d, rest, p] = [op.get("d"), op.get("rest"), op.get("p")];
  const type = p.dtype as HalfType;
  const q = (x: number): number => roundToHalf(type, Math.fround(x));
  for (let row = 0; row < p.rows; row++) {
    for (let k = 0; k < p.columns; k++) {
      const before = fromHalf(type, p.get(row, k));
      const y = q(d.get(row, k) - fromHalf(type, rest.get(row, k)));
      const sum = q(before + y);
      rest.set(row, k, toHalf(type, q(q(sum - before) - y)));
      p.set(row, k, toHalf(type, sum));
    }
  }
}
