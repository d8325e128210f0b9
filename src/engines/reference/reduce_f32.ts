import type { Operand, Operands } from "./_operands.ts";
import { sum16 } from "./float32.ts";

/** Sum or maximum of the middle extent. */
export function reduceF32(op: Operands): void {
  const [x, y] = [op.get("x"), op.get("y")];
  const isSum = op.attribute("reduction") === 0;
  for (let a = 0; a < x.extents[0]; a++) {
    for (let c = 0; c < x.columns; c++) {
      const values = middle(x, a, c);
      const most = (): number => values.reduce((m, value) => m < value ? value : m, -Infinity);
      y.set(a, c, isSum ? sum16(values, op.arithmetic) : most());
    }
  }
}

/** The elements of a column within one of the outer extent. */
export function middle(x: Operand, a: number, c: number): number[] {
  const [, length] = x.extents;
  return Array.from({ length }, (_, b) => x.get(a * length + b, c));
}
