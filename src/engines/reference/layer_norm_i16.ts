import type { Operand, Operands } from "./_operands.ts";
import { meanHalfEven } from "./_mean.ts";
import { requantizer, saturate } from "./_requantize.ts";

/** I-ViT's LayerNorm. */
export function layerNormI16(op: Operands): void {
  const [x, bias, y] = [op.get("x"), op.get("bias"), op.get("y")];
  const requantize = requantizer(op);
  for (let row = 0; row < x.rows; row++) {
    normalized(x.row(row), bias).forEach((z, c) => {
      y.set(row, c, requantize === undefined ? z : saturate(requantize(z, c), y.dtype));
    });
  }
}

/** z of a row; the scaled difference plus the bias wraps to 32 bits. */
export function normalized(values: readonly number[], bias: Operand): number[] {
  const mean = meanHalfEven(values.reduce((sum, value) => sum + value, 0), values.length);
  const differences = values.map((value) => value - mean);
  const factor = 2147483647n / newtonRoot(differences);
  // The root is never below the largest difference, so the product fits 32 bits.
  return differences.map((difference, c) =>
    Number(BigInt(difference) * factor >> 1n) + bias.get(0, c) | 0
  );
}

/** Ten Newton steps from 2^16 towards √Σd²; not the exact root. At least 64. */
function newtonRoot(differences: readonly number[]): bigint {
  const variance = differences.reduce((sum, d) => sum + BigInt(d * d), 0n);
  let k = 65536n;
  for (let step = 0; step < 10; step++) k = (k + variance / k) >> 1n;
  return k;
}
