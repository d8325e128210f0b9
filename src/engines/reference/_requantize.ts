/** Requantisation of operands. */
import { requantize } from "../../numeric/requantize.ts";
import type { DType } from "../../tensor.ts";
import type { Operand, Operands } from "./_operands.ts";

/** Saturates an exact integer to a type. */
export function saturate(value: bigint, dtype: DType): number {
  const top = 1n << (dtype === "i8" ? 7n : dtype === "i16" ? 15n : 31n);
  return Number(value < -top ? -top : value >= top ? top - 1n : value);
}

/** Element `column` of an operand with one element or one for each column. */
export function perColumn(operand: Operand, column: number): number {
  return operand.get(0, operand.columns === 1 ? 0 : column);
}

/** Requantisation by `multiplier` and `shift`, for column n; `undefined` without a multiplier. */
export function requantizer(
  op: Operands,
  prefix = "",
  suffix = "",
): ((z: number, column: number) => bigint) | undefined {
  const multiplier = op.optional(`${prefix}multiplier${suffix}`);
  if (multiplier === undefined) return undefined;
  const shift = op.get(`${prefix}shift${suffix}`);
  const rounding = op.attribute("rounding");
  return (z, column) =>
    requantize(z, perColumn(multiplier, column), perColumn(shift, column), rounding);
}
