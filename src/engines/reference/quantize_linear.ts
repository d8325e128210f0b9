import type { Operands } from "./_operands.ts";
import { roundHalfEven } from "../../numeric/half_even.ts";

/** Float32 to codes; the reciprocal and the product are rounded to float32, NaN counts as 0. */
export function quantizeLinear(op: Operands): void {
  const [x, y] = [op.get("x"), op.get("y")];
  const reciprocal = Math.fround(1 / op.get("scale").get(0, 0));
  const zeroPoint = op.scalar("zero_point") ?? 0;
  for (let row = 0; row < x.rows; row++) {
    for (let k = 0; k < x.columns; k++) {
      const value = roundHalfEven(Math.fround(reciprocal * x.get(row, k)));
      const q = Number.isNaN(value) ? 0 : clamp(value, 31);
      y.set(row, k, clamp(q + zeroPoint, y.dtype === "i8" ? 7 : 15));
    }
  }
}

function clamp(value: number, bits: number): number {
  return Math.max(-(2 ** bits), Math.min(2 ** bits - 1, value));
}
