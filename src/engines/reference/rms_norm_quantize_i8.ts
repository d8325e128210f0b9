import { inverseRms } from "./float32.ts";
import type { Operands } from "./_operands.ts";

const { fround } = Math;
const LEAST_MAXIMUM = fround(1e-5);

/** RMSNorm once or twice, then int8 codes with a factor a row. */
export function rmsNormQuantizeI8(op: Operands): void {
  const [x, gamma, q, alphas] = [op.get("x"), op.get("gamma"), op.get("q"), op.get("alpha")];
  const preGamma = op.optional("pre_gamma");
  for (let row = 0; row < x.rows; row++) {
    let h = x.row(row);
    if (preGamma !== undefined) h = normalize(h, op.scalar("pre_epsilon")!, preGamma.row(0));
    for (let g = 0; g < gamma.rows; g++) {
      const y = normalize(h, op.scalar("epsilon")!, gamma.row(g));
      const max = y.reduce((most, value) => Math.abs(value) > most ? Math.abs(value) : most, 0);
      const alpha = fround(127 / (max > LEAST_MAXIMUM ? max : LEAST_MAXIMUM));
      alphas.set(g, row, alpha);
      y.forEach((value, c) => q.set(g * x.rows + row, c, code(fround(value * alpha))));
    }
  }
}

function normalize(row: number[], epsilon: number, gamma: number[]): number[] {
  const factor = inverseRms(row, epsilon);
  return row.map((x, c) => fround(fround(x * factor) * gamma[c]));
}

/** Round half away from zero; `trunc(v + 1/2)` would be wrong just below 1/2. */
function code(v: number): number {
  if (Number.isNaN(v)) return 0;
  const whole = Math.trunc(Math.abs(v));
  const rounded = Math.sign(v) * (whole + (Math.abs(v) - whole >= 0.5 ? 1 : 0));
  return Math.max(-128, Math.min(127, rounded));
}
