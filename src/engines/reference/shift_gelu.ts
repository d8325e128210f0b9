import type { Operands } from "./_operands.ts";
import { requantizer, saturate } from "./_requantize.ts";
import { shiftExp, SUM_LIMIT } from "./_shift_exp.ts";

const FRACTION_BITS = 23;

/**
 * ShiftGELU: `x·σ` with the sigmoid from exponentials relative to the row's maximum. Where |x0| is so
 * large that the product leaves 32 bits, it wraps as y and saturates before a requantisation.
 */
export function shiftGelu(op: Operands): void {
  const [x, y] = [op.get("x"), op.get("y")];
  const x0 = op.get("x0").get(0, 0);
  const requantize = requantizer(op);
  for (let row = 0; row < x.rows; row++) {
    const values = x.row(row);
    const max = values.reduce((a, b) => Math.max(a, b));
    const zero = shiftExp(-max, x0, FRACTION_BITS);
    values.forEach((value, c) => {
      const exponential = shiftExp(value - max, x0, FRACTION_BITS);
      const factor = Math.floor(SUM_LIMIT / Math.min(exponential + zero, SUM_LIMIT));
      // 0…127, more only where |x0| ≥ 256.
      const sigmoid = Number(BigInt(exponential) * BigInt(factor) >> 24n);
      const product = value * sigmoid;
      const z = saturate(BigInt(product), "i32");
      y.set(row, c, requantize === undefined ? product : saturate(requantize(z, c), y.dtype));
    });
  }
}
