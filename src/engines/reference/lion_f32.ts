import type { Operands } from "./_operands.ts";
import { forEachParameter } from "./_update.ts";

/** A step of Lion. */
export function lionF32(op: Operands): void {
  const { round } = op.arithmetic;
  const [p, g, m] = [op.get("p"), op.get("g"), op.get("m")];
  const [rate, keep] = op.get("scalars").row(0);
  const [beta1, rest1, beta2, rest2] = op.get("hyper").row(0);
  forEachParameter(op, (row, n) => {
    const [old, gradient] = [m.get(row, n), g.get(row, n)];
    const sum = round(round(beta1 * old) + round(rest1 * gradient));
    const step = sum > 0 ? rate : sum < 0 ? -rate : 0;
    p.set(row, n, round(keep * p.get(row, n)) - step);
    m.set(row, n, round(beta2 * old) + round(rest2 * gradient));
  });
}
