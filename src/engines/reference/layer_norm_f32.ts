import { sum16 } from "./float32.ts";
import type { Operands } from "./_operands.ts";

/** Float32 LayerNorm; mean and variance are sums divided by C. */
export function layerNormF32(op: Operands): void {
  const [x, gamma, beta, y] = [op.get("x"), op.get("gamma"), op.optional("beta"), op.get("y")];
  const epsilon = op.get("epsilon").get(0, 0);
  const { arithmetic } = op;
  const { round } = arithmetic;
  for (let row = 0; row < x.rows; row++) {
    const values = x.row(row);
    const count = round(values.length);
    const mean = round(sum16(values, arithmetic) / count);
    const differences = values.map((value) => round(value - mean));
    const variance = round(sum16(differences.map((d) => round(d * d)), arithmetic) / count);
    const factor = round(1 / round(Math.sqrt(round(variance + epsilon))));
    differences.forEach((d, c) => {
      const scaled = round(round(d * factor) * gamma.get(0, c));
      y.set(row, c, beta === undefined ? scaled : scaled + beta.get(0, c));
    });
  }
}
