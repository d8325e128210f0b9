import type { Operands } from "./_operands.ts";
import { requantizer, saturate } from "./_requantize.ts";

/** Integer linear layer; the accumulator wraps to 32 bits, which only K ≥ 2^17 can make it do. */
export function linearI8(op: Operands): void {
  const [x, weight, y] = [op.get("x"), op.get("weight"), op.get("y")];
  const [bias, table, identity] = ["bias", "table", "identity"].map((name) => op.optional(name));
  const requantize = requantizer(op);
  const requantize2 = requantizer(op, "", "2");
  const requantizeIdentity = requantizer(op, "identity_");
  const zeroPoint = BigInt(op.scalar("zero_point") ?? 0);
  for (let row = 0; row < x.rows; row++) {
    for (let n = 0; n < y.columns; n++) {
      let acc = bias?.get(0, n) ?? 0;
      for (let k = 0; k < x.columns; k++) acc = acc + x.get(row, k) * weight.get(n, k) | 0;
      if (requantize === undefined) {
        y.set(row, n, acc);
        continue;
      }
      let r = saturate(requantize(acc, n) + zeroPoint, y.dtype);
      if (table !== undefined) r = table.get(0, r + 128);
      if (identity !== undefined) {
        const sum = requantize2!(r, 0) + requantizeIdentity!(identity.get(row, n), 0);
        r = saturate(sum, y.dtype);
      }
      y.set(row, n, r);
    }
  }
}
