import type { Operands } from "./_operands.ts";

/** Normalised columns, scaled and shifted. */
export function normalizeF32(op: Operands): void {
  const { round } = op.arithmetic;
  const [x, y] = [op.get("x"), op.get("y")];
  const [mean, inverse] = [op.get("mean"), op.get("inverse")];
  const [gamma, beta] = [op.get("gamma"), op.get("beta")];
  for (let row = 0; row < x.rows; row++) {
    for (let c = 0; c < x.columns; c++) {
      const normal = round(round(x.get(row, c) - mean.get(0, c)) * inverse.get(0, c));
      y.set(row, c, round(normal * gamma.get(0, c)) + beta.get(0, c));
    }
  }
}
