import type { Operands } from "./_operands.ts";

/** Linear layer with ternary weights; exact sums, then one float32 factor a row. */
export function linearTernary(op: Operands): void {
  const { fround } = Math;
  const [x, weight, y] = [op.get("x"), op.get("weight"), op.get("y")];
  const [alpha, identity] = [op.optional("alpha"), op.optional("identity")];
  for (let row = 0; row < x.rows; row++) {
    const factor = alpha && fround(op.scalar("weight_scale")! / alpha.get(row, 0));
    for (let n = 0; n < y.columns; n++) {
      let acc = 0;
      for (let k = 0; k < x.columns; k++) acc = acc + x.get(row, k) * weight.get(n, k) | 0;
      if (factor === undefined) {
        y.set(row, n, acc);
        continue;
      }
      const product = fround(fround(acc) * factor);
      y.set(row, n, identity === undefined ? product : product + identity.get(row, n));
    }
  }
}
