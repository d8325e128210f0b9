import type { Operands } from "./_operands.ts";

/** `y = f·y + x` along the rows. */
export function scanF32(op: Operands): void {
  const { round } = op.arithmetic;
  const [f, x, initial, y] = [op.get("f"), op.get("x"), op.optional("initial"), op.get("y")];
  const isReverse = op.attribute("reverse") === 1;
  for (let c = 0; c < x.columns; c++) {
    let sum = initial?.get(0, c) ?? 0;
    for (let i = 0; i < x.rows; i++) {
      const t = isReverse ? x.rows - 1 - i : i;
      sum = round(round(f.get(t, c) * sum) + x.get(t, c));
      y.set(t, c, sum);
    }
  }
}
