import type { Operands } from "./_operands.ts";
import { windowsOf } from "./_windows.ts";

/** The sum of each window over its divisor. */
export function averagePoolF32(op: Operands): void {
  const { round } = op.arithmetic;
  const [x, divisor, y] = [op.get("x"), op.get("divisor"), op.get("y")];
  for (const { output, places } of windowsOf(op, x, y, false)) {
    const at = output % (divisor.rows * divisor.columns);
    const by = divisor.get(Math.floor(at / divisor.columns), at % divisor.columns);
    for (let c = 0; c < y.columns; c++) {
      y.set(output, c, places.reduce((sum, place) => round(sum + x.get(place, c)), 0) / by);
    }
  }
}
