import { sum16 } from "./float32.ts";
import type { Operands } from "./_operands.ts";
import { middle } from "./reduce_f32.ts";

/** The gradient of what was normalised. */
export function meanVarianceGradientF32(op: Operands): void {
  const { arithmetic } = op;
  const { round } = arithmetic;
  const [y, inverse, dy, dx] = [op.get("y"), op.get("inverse"), op.get("dy"), op.get("dx")];
  const [outer, length, columns] = y.extents;
  const mean = (values: readonly number[]): number =>
    round(sum16(values, arithmetic) / round(length));
  for (let a = 0; a < outer; a++) {
    for (let c = 0; c < columns; c++) {
      const [results, gradients] = [middle(y, a, c), middle(dy, a, c)];
      const shift = op.attribute("center") === 0 ? 0 : mean(gradients);
      const slope = mean(gradients.map((g, b) => round(g * results[b])));
      gradients.forEach((g, b) => {
        const rest = round(round(g - shift) - round(results[b] * slope));
        dx.set(a * length + b, c, inverse.get(a, c) * rest);
      });
    }
  }
}
