import type { Operands } from "./_operands.ts";
import { saturate } from "./_requantize.ts";

/** `v / 2^21` of 32 bits, half to even, modulo 2^32. */
function shifted(v: number): bigint {
  return BigInt((v + (2 ** 20 - 1) + (v >> 21 & 1) | 0) >> 21);
}

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
        y.set(t, 2 * i + j, saturate(shifted(value) + zero, "i8"));
      });
    }
  }
}
