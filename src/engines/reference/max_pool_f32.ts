import type { Operands } from "./_operands.ts";
import { largestOf, windowsOf } from "./_windows.ts";

/** The largest of each window; one that has no place gives −∞. */
export function maxPoolF32(op: Operands): void {
  const [x, y] = [op.get("x"), op.get("y")];
  for (const { output, places } of windowsOf(op, x, y, true)) {
    for (let c = 0; c < y.columns; c++) {
      y.set(output, c, places.length === 0 ? -Infinity : x.get(largestOf(x, places, c), c));
    }
  }
}
