import type { Operands } from "./_operands.ts";
import { requantizer, saturate } from "./_requantize.ts";

/** Requantisation, with a residual arm that is rounded on its own; the sum saturates once. */
export function requantize(op: Operands): void {
  const [x, y, identity] = [op.get("x"), op.get("y"), op.optional("identity")];
  const first = requantizer(op)!;
  const second = requantizer(op, "identity_");
  const zeroPoint = BigInt(op.scalar("zero_point") ?? 0);
  for (let row = 0; row < x.rows; row++) {
    for (let n = 0; n < x.columns; n++) {
      const arm = identity === undefined ? 0n : second!(identity.get(row % identity.rows, n), 0);
      y.set(row, n, saturate(first(x.get(row, n), n) + arm + zeroPoint, y.dtype));
    }
  }
}
