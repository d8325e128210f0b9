import { roundHalfEven } from "../../numeric/half_even.ts";
import type { Operands } from "./_operands.ts";

const { fround } = Math;
const LEAST_MAXIMUM = fround(1e-5);

/** Int8 codes of rows with a factor each, rounded half to even. */
export function quantizeRowsI8(op: Operands): void {
  const [x, q, alphas] = [op.get("x"), op.get("q"), op.get("alpha")];
  for (let row = 0; row < x.rows; row++) {
    const reals = x.row(row);
    const max = reals.reduce((most, v) => Math.abs(v) > most ? Math.abs(v) : most, 0);
    const alpha = fround(127 / (max > LEAST_MAXIMUM ? max : LEAST_MAXIMUM));
    alphas.set(row, 0, alpha);
    reals.forEach((real, c) => {
      const v = fround(real * alpha);
      q.set(row, c, Number.isNaN(v) ? 0 : Math.max(-128, Math.min(127, roundHalfEven(v))));
    });
  }
}
