import { sumOfMagnitudes } from "../../numeric/pairwise.ts";
import type { Operands } from "./_operands.ts";

const LEAST_SCALE = Math.fround(1e-5);

/** Trits of weights, and their mean magnitude. */
export function ternarizeF32(op: Operands): void {
  const { round } = op.arithmetic;
  const [x, y, scales] = [op.get("x"), op.get("y"), op.get("scale")];
  for (let row = 0; row < x.rows; row++) {
    const weights = x.row(row);
    const mean = round(sumOfMagnitudes(weights, 0, weights.length) / weights.length);
    const scale = Math.max(mean, LEAST_SCALE);
    scales.set(row, 0, scale);
    const inverse = round(1 / scale);
    // half to even and clamped: ½ goes to 0, 1½ and all beyond to 1
    weights.forEach((weight, k) => {
      const v = round(weight * inverse);
      y.set(row, k, v > 0.5 ? 1 : v < -0.5 ? -1 : 0);
    });
  }
}
