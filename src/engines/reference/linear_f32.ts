import type { Operands } from "./_operands.ts";

/** Float32 linear layer, k ascending, every product and sum rounded. */
export function linearF32(op: Operands): void {
  const [x, weight, y] = [op.get("x"), op.get("weight"), op.get("y")];
  const [bias, identity] = [op.optional("bias"), op.optional("identity")];
  const { round } = op.arithmetic;
  for (let row = 0; row < x.rows; row++) {
    for (let n = 0; n < y.columns; n++) {
      let sum = 0;
      for (let k = 0; k < x.columns; k++) {
        sum = round(sum + round(x.get(row, k) * weight.get(n, k)));
      }
      if (bias !== undefined) sum = round(sum + bias.get(0, n));
      if (identity !== undefined) sum = round(sum + identity.get(row, n));
      y.set(row, n, sum);
    }
  }
}
