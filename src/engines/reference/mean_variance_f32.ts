import { sum16 } from "./float32.ts";
import type { Operands } from "./_operands.ts";
import { middle } from "./reduce_f32.ts";

/** Normalises the middle extent, in two passes. */
export function meanVarianceF32(op: Operands): void {
  const { arithmetic } = op;
  const { round } = arithmetic;
  const [x, y, moments] = [op.get("x"), op.get("y"), op.get("moments")];
  const epsilon = op.scalar("epsilon")!;
  const [outer, length, columns] = x.extents;
  const count = round(length);
  const isCentered = op.attribute("center") === 1;
  for (let a = 0; a < outer; a++) {
    for (let c = 0; c < columns; c++) {
      const values = middle(x, a, c);
      // What is near the mean has few digits left to lose.
      const first = isCentered ? values[0] : 0;
      const near = values.map((value) => round(value - first));
      const shift = isCentered ? round(sum16(near, arithmetic) / count) : 0;
      const differences = near.map((value) => round(value - shift));
      const squares = differences.map((d) => round(d * d));
      const variance = round(sum16(squares, arithmetic) / count);
      const factor = round(1 / round(Math.sqrt(round(variance + epsilon))));
      [first + shift, variance, factor].forEach((value, i) => moments.set(3 * a + i, c, value));
      differences.forEach((d, b) => y.set(a * length + b, c, d * factor));
    }
  }
}
