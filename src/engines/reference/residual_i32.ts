import { requantize } from "../../numeric/requantize.ts";
import type { Operands } from "./_operands.ts";
import { perColumn } from "./_requantize.ts";

/** `y = clamp(round(x·multiplier[n] / 2^shift[n]) [+ identity], −limit, limit)`. */
export function residualI32(op: Operands): void {
  const [x, y, identity] = [op.get("x"), op.get("y"), op.optional("identity")];
  const [multiplier, shift] = [op.get("multiplier"), op.get("shift")];
  const limit = BigInt(Math.max(0, op.scalar("limit")!));
  for (let row = 0; row < x.rows; row++) {
    for (let n = 0; n < x.columns; n++) {
      const arm = requantize(x.get(row, n), perColumn(multiplier, n), perColumn(shift, n));
      const sum = arm + BigInt(identity?.get(row, n) ?? 0);
      y.set(row, n, Number(sum > limit ? limit : sum < -limit ? -limit : sum));
    }
  }
}
