import type { Operand, Operands } from "./_operands.ts";
import { sumsOf } from "./_sums.ts";
import type { Sums } from "./_sums.ts";

/** Rows that are summed in one accumulator where rows are what is summed over. */
const BLOCK = 128;

/** `Σ term(k)`, k ascending in one accumulator, every sum rounded. */
function ascending(
  from: number,
  to: number,
  term: (k: number) => number,
  add: Sums["add"],
  first = 0,
): number {
  let sum = first;
  for (let k = from; k < to; k++) sum = add(sum, term(k));
  return sum;
}

/**
 * Adds `Σ term(k)` to a total (nothing yet: `undefined`): in blocks of 128, each ascending from +0, their sums in their
 * order; in 16 bits without blocks.
 */
export function addBlocks(
  total: number | undefined,
  count: number,
  term: (k: number) => number,
  { areHalves, add }: Sums,
): number {
  if (areHalves) return ascending(0, count, term, add, total);
  let sum = total;
  for (let k = 0; k < count; k += BLOCK) {
    const block = ascending(k, Math.min(k + BLOCK, count), term, add);
    sum = sum === undefined ? block : add(sum, block);
  }
  return sum!;
}

/** Product of matrices for each of a batch, k ascending (in blocks where a is transposed); b may be one for all. */
export function matmul(op: Operands, transposeA: boolean, transposeB: boolean): void {
  const { round } = op.arithmetic;
  const sums = sumsOf(op);
  const [a, b, y] = [op.get("a"), op.get("b"), op.get("y")];
  const [batch, rows, columns] = y.extents;
  const length = transposeA ? a.extents[1] : a.columns;
  const from = (x: Operand, n: number): number => n % x.extents[0] * x.extents[1];
  for (let n = 0; n < batch; n++) {
    const [firstA, firstB] = [from(a, n), from(b, n)];
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) {
        const term = (k: number): number => {
          const left = transposeA ? a.get(firstA + k, i) : a.get(firstA + i, k);
          const right = transposeB ? b.get(firstB + j, k) : b.get(firstB + k, j);
          return round(left * right);
        };
        const sum = transposeA
          ? addBlocks(undefined, length, term, sums)
          : ascending(0, length, term, sums.add);
        y.set(n * rows + i, j, sum);
      }
    }
  }
}
