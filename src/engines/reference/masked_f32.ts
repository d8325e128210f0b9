import type { Operands } from "./_operands.ts";

/** Elements times 1 or 0. */
export function maskedF32(op: Operands): void {
  const [x, bits, y] = [op.get("x"), op.get("bits"), op.get("y")];
  for (let row = 0; row < x.rows; row++) {
    for (let c = 0; c < 8; c++) y.set(row, c, x.get(row, c) * (bits.get(0, row) >> c & 1));
  }
}
