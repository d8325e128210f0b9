import type { Operands } from "./_operands.ts";
import { forEachParameter } from "./_update.ts";

/** A step of SGD. */
export function sgdF32(op: Operands): void {
  const { round } = op.arithmetic;
  const [p, g, buffer] = [op.get("p"), op.get("g"), op.optional("buffer")];
  const rate = op.scalar("rate")!;
  const [momentum, decay] = op.get("hyper").row(0);
  forEachParameter(op, (row, n) => {
    let step = round(g.get(row, n) + round(decay * p.get(row, n)));
    if (buffer !== undefined) {
      const sum = round(round(momentum * buffer.get(row, n)) + step);
      buffer.set(row, n, sum);
      step = op.attribute("nesterov") === 1 ? round(step + round(momentum * sum)) : sum;
    }
    p.set(row, n, p.get(row, n) - round(rate * step));
  });
}
