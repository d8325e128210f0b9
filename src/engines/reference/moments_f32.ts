import { sum16 } from "./float32.ts";
import type { Operands } from "./_operands.ts";
import { middle } from "./reduce_f32.ts";

/** Mean, variance and inverse of the middle extent. */
export function momentsF32(op: Operands): void {
  const { arithmetic } = op;
  const { round } = arithmetic;
  const [x, moments, epsilon] = [op.get("x"), op.get("moments"), op.scalar("epsilon")!];
  const [outer, length, columns] = x.extents;
  const count = round(length);
  for (let a = 0; a < outer; a++) {
    for (let c = 0; c < columns; c++) {
      const values = middle(x, a, c);
      const near = values.map((value) => round(value - values[0]));
      const shift = round(sum16(near, arithmetic) / count);
      const squares = near.map((value) => {
        const d = round(value - shift);
        return round(d * d);
      });
      const variance = round(sum16(squares, arithmetic) / count);
      const factor = round(1 / round(Math.sqrt(round(variance + epsilon))));
      [values[0] + shift, variance, factor].forEach((m, i) => moments.set(3 * a + i, c, m));
    }
  }
}
