import { requantize } from "../../numeric/requantize.ts";
import type { Operands } from "./_operands.ts";

/** A table of the gate's codes times the other half. */
export function swigluI16(op: Operands): void {
  const [gate, up, table, y] = [op.get("gate"), op.get("up"), op.get("table"), op.get("y")];
  const [shift, zeroPoint] = [op.scalar("shift")!, BigInt(op.scalar("zero_point")!)];
  const bits = y.dtype === "i8" ? 8 : 12;
  for (let row = 0; row < gate.rows; row++) {
    for (let k = 0; k < gate.columns; k++) {
      const code = Math.max(-2048, Math.min(2047, gate.get(row, k)));
      const product = table.get(0, code + 2048) * up.get(row, k);
      y.set(row, k, clampBits(requantize(product, 1, shift) + zeroPoint, bits));
    }
  }
}

/** Limits to signed codes of so many bits. */
function clampBits(value: bigint, bits: number): number {
  const end = 1n << BigInt(bits - 1);
  return Number(value >= end ? end - 1n : value < -end ? -end : value);
}
