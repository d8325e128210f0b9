import { requantize } from "../../numeric/requantize.ts";
import type { Operands } from "./_operands.ts";
import { saturate } from "./_requantize.ts";

/** Pairs of channels, turned. */
export function rotaryI16(op: Operands): void {
  const [x, angles, y, zeroPoint] = [
    op.get("x"),
    op.get("angles"),
    op.get("y"),
    op.optional("zero_point"),
  ];
  const pairs = angles.columns;
  for (let t = 0; t < x.rows; t++) {
    for (let i = 0; 2 * i < x.columns; i++) {
      const [a, b] = [x.get(t, 2 * i), x.get(t, 2 * i + 1)];
      const [c, s] = [angles.get(2 * t, i % pairs), angles.get(2 * t + 1, i % pairs)];
      const turned = [a * c + b * Math.min(-s, 32767) | 0, a * s + b * c | 0];
      turned.forEach((value, j) => {
        const zero = BigInt(zeroPoint?.get(0, 2 * i + j) ?? 0);
        y.set(t, 2 * i + j, saturate(requantize(value, 1, 21) + zero, "i8"));
      });
    }
  }
}
