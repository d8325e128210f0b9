import { sum16 } from "./float32.ts";
import type { Operands } from "./_operands.ts";

/** Float32 LayerNorm; mean and variance are sums divided by C. */
export function layerNormF32(op: Operands): void {
  const [x, gamma, beta, y] = [op.get("x"), op.get("gamma"), op.optional("beta"), op.get("y")];
  const epsilon = op.get("epsilon").get(0, 0);
  const { fround, sqrt } = Math;
  for (let row = 0; row < x.rows; row++) {
    const values = x.row(row);
    const count = fround(values.length);
    const mean = fround(sum16(values) / count);
    const differences = values.map((value) => fround(value - mean));
    const variance = fround(sum16(differences.map((d) => fround(d * d))) / count);
    const factor = fround(1 / fround(sqrt(fround(variance + epsilon))));
    differences.forEach((d, c) => {
      const scaled = fround(fround(d * factor) * gamma.get(0, c));
      y.set(row, c, beta === undefined ? scaled : scaled + beta.get(0, c));
    });
  }
}
