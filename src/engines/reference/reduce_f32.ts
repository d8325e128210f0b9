import type { Operand, Operands } from "./_operands.ts";
import { sum16 } from "./float32.ts";

/** Sum or maximum of the middle extent. */
export function reduceF32(op: Operands): void {
  const [x, y] = [op.get("x"), op.get("y")];
  const isSum = op.attribute("reduction") === 0;
  for (let a = 0; a < x.extents[0]; a++) {
    for (let c = 0; c < x.columns; c++) {
      const values = middle(x, a, c);
      y.set(a, c, isSum ? sum16(values, op.arithmetic) : largest16(values));
    }
  }
}

/** The largest, of equal ones (zeros have signs) the one that comes first in the order of `sum16`. */
function largest16(values: readonly number[]): number {
  const larger = (a: number, b: number): number => a < b ? b : a;
  const partial = new Array<number>(16).fill(-Infinity);
  values.forEach((value, i) => partial[i % 16] = larger(partial[i % 16], value));
  for (let half = 8; half >= 1; half /= 2) {
    for (let i = 0; i < half; i++) partial[i] = larger(partial[i], partial[i + half]);
  }
  return partial[0];
}

/** The elements of a column within one of the outer extent. */
export function middle(x: Operand, a: number, c: number): number[] {
  const [, length] = x.extents;
  return Array.from({ length }, (_, b) => x.get(a * length + b, c));
}
