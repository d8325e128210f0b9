import type { Operands } from "./_operands.ts";

/** Whether entry j is hidden from row i of batch member b. */
export function hiddenBy(op: Operands): (b: number, i: number, j: number) => boolean {
  const mask = op.optional("mask");
  if (mask === undefined) return () => false;
  const [windows, rows] = mask.extents;
  return (b, i, j) => mask.get((b % windows) * rows + i, j) !== 0;
}
