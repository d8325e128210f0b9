import type { Operand } from "./_operands.ts";

/** The element of an operand that may repeat over leading extents, and over columns where it has one. */
export function repeated(operand: Operand, row: number, column: number): number {
  return operand.get(row % operand.rows, operand.columns === 1 ? 0 : column);
}
