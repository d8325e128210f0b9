import type { Operands } from "./_operands.ts";
import { clear, windowsOf } from "./_windows.ts";

/** The gradient of a window goes to all of its places. */
export function averagePoolGradientF32(op: Operands): void {
  const { round } = op.arithmetic;
  const [dy, divisor, dx] = [op.get("dy"), op.get("divisor"), op.get("dx")];
  clear(dx);
  for (const { output, places } of windowsOf(op, dx, dy, false)) {
    const at = output % (divisor.rows * divisor.columns);
    const by = divisor.get(Math.floor(at / divisor.columns), at % divisor.columns);
    for (let c = 0; c < dy.columns; c++) {
      const share = round(dy.get(output, c) / by);
      for (const place of places) dx.set(place, c, dx.get(place, c) + share);
    }
  }
}
