/** Instructions of float32 on operands that are stored as 16-bit floats. */
import type { InstructionSpec } from "../../instructions/mod.ts";
import { fromHalf, isHalf, toHalf } from "../../numeric/half.ts";
import { Operand } from "./_operands.ts";

/** Computes with float32 copies of 16-bit floats where float32 may stand, and rounds what was written once, when all of it is there. */
export function computeMixed(
  spec: InstructionSpec,
  operands: readonly (Operand | undefined)[],
  compute: (operands: readonly (Operand | undefined)[]) => void,
): void {
  const computed = operands.map((operand, j) => {
    if (operand === undefined) return undefined;
    return isHalf(operand.dtype) && spec.operands[j].dtypes.includes("f32")
      ? copyOf(operand)
      : operand;
  });
  compute(computed);
  operands.forEach((operand, j) => {
    if (computed[j] === operand || spec.operands[j].role === "in") return;
    const { dtype } = operand!;
    forEachElement(operand!, (row, k) => {
      if (isHalf(dtype)) operand!.set(row, k, toHalf(dtype, computed[j]!.get(row, k)));
    });
  });
}

function copyOf(operand: Operand): Operand {
  const { dtype, extents, rows, columns } = operand;
  const copy = new Operand("f32", extents, new Float32Array(rows * columns), "rows", 0, columns);
  forEachElement(operand, (row, k) => {
    if (isHalf(dtype)) copy.set(row, k, fromHalf(dtype, operand.get(row, k)));
  });
  return copy;
}

function forEachElement({ rows, columns }: Operand, visit: (row: number, k: number) => void): void {
  for (let row = 0; row < rows; row++) for (let k = 0; k < columns; k++) visit(row, k);
}
