import type { Operands } from "./_operands.ts";
import { clear, NO_PLACE, windowsOf } from "./_windows.ts";

/** The gradient goes to a place of each window. */
export function maxPoolScatterF32(op: Operands): void {
  const [chosen, dy, dx] = [op.get("places"), op.get("dy"), op.get("dx")];
  clear(dx);
  for (const { output, places, within } of windowsOf(op, dx, dy, true)) {
    for (let c = 0; c < dy.columns; c++) {
      const place = chosen.get(output, c);
      const at = place === NO_PLACE ? undefined : places[within.indexOf(place)];
      if (at !== undefined) dx.set(at, c, dx.get(at, c) + dy.get(output, c));
    }
  }
}
