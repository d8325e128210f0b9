import type { Operands } from "./_operands.ts";
import { roundHalfEven } from "./_float32.ts";

/** Float32 to codes; the reciprocal and the product are rounded to float32, NaN gives 0. */
export function quantizeLinear(op: Operands): void {
  const [x, y] = [op.get("x"), op.get("y")];
  const reciprocal = Math.fround(1 / op.get("scale").get(0, 0));
  for (let row = 0; row < x.rows; row++) {
    for (let k = 0; k < x.columns; k++) {
      const value = roundHalfEven(Math.fround(reciprocal * x.get(row, k)));
      const top = y.dtype === "i8" ? 127 : 32767;
      y.set(row, k, Number.isNaN(value) ? 0 : Math.max(-top - 1, Math.min(top, value)));
    }
  }
}
