import { sum16 } from "./float32.ts";
import type { Operands } from "./_operands.ts";

/** The logarithm of a softmax. */
export function logSoftmaxF32(op: Operands): void {
  const { round, exp, log } = op.arithmetic;
  const [x, y] = [op.get("x"), op.get("y")];
  for (let row = 0; row < x.rows; row++) {
    const values = x.row(row);
    const most = values.reduce((m, value) => m < value ? value : m, -Infinity);
    const differences = values.map((value) => round(value - most));
    const total = log(sum16(differences.map((d) => exp(d)), op.arithmetic));
    differences.forEach((d, j) => y.set(row, j, d - total));
  }
}
