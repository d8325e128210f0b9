import type { Operand, Operands } from "./_operands.ts";

/** Product of matrices for each of a batch, k ascending; b may be one matrix for all. */
export function matmul(op: Operands, transposeA: boolean, transposeB: boolean): void {
  const { round } = op.arithmetic;
  const [a, b, y] = [op.get("a"), op.get("b"), op.get("y")];
  const [batch, rows, columns] = y.extents;
  const length = transposeA ? a.extents[1] : a.columns;
  const from = (x: Operand, n: number): number => n % x.extents[0] * x.extents[1];
  for (let n = 0; n < batch; n++) {
    const [firstA, firstB] = [from(a, n), from(b, n)];
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) {
        let sum = 0;
        for (let k = 0; k < length; k++) {
          const left = transposeA ? a.get(firstA + k, i) : a.get(firstA + i, k);
          const right = transposeB ? b.get(firstB + j, k) : b.get(firstB + k, j);
          sum = round(sum + round(left * right));
        }
        y.set(n * rows + i, j, sum);
      }
    }
  }
}
