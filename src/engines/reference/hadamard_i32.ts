import { rotateByAdditions } from "../../numeric/hadamard.ts";
import { requantize } from "../../numeric/requantize.ts";
import type { Operands } from "./_operands.ts";

/** The residual, rotated back. */
export function hadamardI32(op: Operands): void {
  const [x, signs, y] = [op.get("x"), op.get("signs"), op.get("y")];
  const shift = op.scalar("shift")!;
  for (let row = 0; row < x.rows; row++) {
    const shifted = x.row(row).map((v) => Number(requantize(v, 1, shift)));
    const turned = rotateByAdditions(shifted, op.attribute("paley") === 1);
    turned.forEach((v, c) => y.set(row, c, Math.imul(v, signs.get(0, c))));
  }
}
