import type { Operands } from "./_operands.ts";
import { forEachParameter } from "./_update.ts";

/** A step of Adagrad. */
export function adagradF32(op: Operands): void {
  const { round } = op.arithmetic;
  const [p, g, s] = [op.get("p"), op.get("g"), op.get("s")];
  const rate = op.scalar("rate")!;
  const [epsilon, decay] = op.get("hyper").row(0);
  forEachParameter(op, (row, n) => {
    const gradient = round(g.get(row, n) + round(decay * p.get(row, n)));
    const sum = round(s.get(row, n) + round(gradient * gradient));
    s.set(row, n, sum);
    const step = round(gradient / round(round(Math.sqrt(sum)) + epsilon));
    p.set(row, n, p.get(row, n) - round(rate * step));
  });
}
