import type { Operands } from "./_operands.ts";
import { clear, largestOf, windowsOf } from "./_windows.ts";

/** The gradient goes to the largest of each window. */
export function maxPoolGradientF32(op: Operands): void {
  const [x, dy, dx] = [op.get("x"), op.get("dy"), op.get("dx")];
  clear(dx);
  for (const { output, places } of windowsOf(op, x, dy, true)) {
    if (places.length === 0) continue;
    for (let c = 0; c < dy.columns; c++) {
      const at = largestOf(x, places, c);
      dx.set(at, c, dx.get(at, c) + dy.get(output, c));
    }
  }
}
