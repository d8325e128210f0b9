import type { Operands } from "./_operands.ts";

const LEAST_MAXIMUM = Math.fround(1e-5);

/** Codes of rows, rounded half away from zero, with a factor each. */
export function quantizeRowsF32(op: Operands): void {
  const { round } = op.arithmetic;
  const [x, q, alphas] = [op.get("x"), op.get("q"), op.get("alpha")];
  for (let row = 0; row < x.rows; row++) {
    const reals = x.row(row);
    const max = reals.reduce((most, v) => Math.abs(v) > most ? Math.abs(v) : most, 0);
    const alpha = round(127 / (max > LEAST_MAXIMUM ? max : LEAST_MAXIMUM));
    alphas.set(row, 0, alpha);
    reals.forEach((real, c) => q.set(row, c, code(round(real * alpha))));
  }
}

/** `trunc(v + 1/2)` would be wrong just below 1/2. */
function code(v: number): number {
  if (Number.isNaN(v)) return 0;
  const whole = Math.trunc(Math.abs(v));
  const rounded = whole + (Math.abs(v) - whole >= 0.5 ? 1 : 0);
  return Math.max(-128, Math.min(127, v < 0 ? 0 - rounded : rounded));
}
