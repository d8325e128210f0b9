import type { Operands } from "./_operands.ts";

/** Whether elements are above 0, eight a byte. */
export function signBits(op: Operands): void {
  const [x, y] = [op.get("x"), op.get("y")];
  for (let row = 0; row < x.rows; row++) {
    const bits = x.row(row).reduce((sum, value, c) => sum + (value > 0 ? 1 << c : 0), 0);
    y.set(0, row, bits);
  }
}
