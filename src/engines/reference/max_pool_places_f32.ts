import type { Operands } from "./_operands.ts";
import { largestOf, NO_PLACE, windowsOf } from "./_windows.ts";

/** The place of the largest of each window. */
export function maxPoolPlacesF32(op: Operands): void {
  const [x, y] = [op.get("x"), op.get("y")];
  for (const { output, places, within } of windowsOf(op, x, y, true)) {
    for (let c = 0; c < y.columns; c++) {
      const place = places.length === 0
        ? NO_PLACE
        : within[places.indexOf(largestOf(x, places, c))];
      y.set(output, c, Math.min(place, NO_PLACE));
    }
  }
}
