import type { Operands } from "./_operands.ts";
import { forEachParameter } from "./_update.ts";

/** A step of RMSprop. */
export function rmspropF32(op: Operands): void {
  const { round } = op.arithmetic;
  const [p, g, v, buffer] = [op.get("p"), op.get("g"), op.get("v"), op.optional("buffer")];
  const rate = op.scalar("rate")!;
  const [alpha, rest, epsilon, momentum, decay] = op.get("hyper").row(0);
  forEachParameter(op, (row, n) => {
    const gradient = round(g.get(row, n) + round(decay * p.get(row, n)));
    const square = round(round(rest * gradient) * gradient);
    const variance = round(round(alpha * v.get(row, n)) + square);
    v.set(row, n, variance);
    let step = round(gradient / round(round(Math.sqrt(variance)) + epsilon));
    if (buffer !== undefined) {
      step = round(round(momentum * buffer.get(row, n)) + step);
      buffer.set(row, n, step);
    }
    p.set(row, n, p.get(row, n) - round(rate * step));
  });
}
