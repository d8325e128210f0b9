import type { Operands } from "./_operands.ts";
import { forEachParameter } from "./_update.ts";

/** A step of Adam. */
export function adamF32(op: Operands): void {
  const { round } = op.arithmetic;
  const [p, g, m, v] = [op.get("p"), op.get("g"), op.get("m"), op.get("v")];
  const [rate, root, keep] = op.get("scalars").row(0);
  const [beta1, rest1, beta2, rest2, epsilon, decay] = op.get("hyper").row(0);
  forEachParameter(op, (row, n) => {
    const kept = round(keep * p.get(row, n));
    const gradient = round(g.get(row, n) + round(decay * kept));
    const mean = round(round(beta1 * m.get(row, n)) + round(rest1 * gradient));
    const square = round(round(rest2 * gradient) * gradient);
    const variance = round(round(beta2 * v.get(row, n)) + square);
    const divisor = round(round(round(Math.sqrt(variance)) * root) + epsilon);
    m.set(row, n, mean);
    v.set(row, n, variance);
    p.set(row, n, kept - round(rate * round(mean / divisor)));
  });
}
