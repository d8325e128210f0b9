import { lowerBounds } from "../../numeric/lower_bounds.ts";
import type { Operands } from "./_operands.ts";

/** Lower bounds of the forget gates of each layer. */
export function lowerBoundsF32(op: Operands): void {
  const [x, y] = [op.get("x"), op.get("y")];
  for (let c = 0; c < x.columns; c++) {
    const column = Array.from({ length: x.rows }, (_, l) => x.get(l, c));
    lowerBounds(column).forEach((bound, l) => y.set(l, c, bound));
  }
}
