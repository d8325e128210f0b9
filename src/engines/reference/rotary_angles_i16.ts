import type { Operands } from "./_operands.ts";
import { sequencesOf } from "./_sequences.ts";

/** Cosine of a phase of 32 bits, with 14 fractional bits, between the points of a table. */
export function cosine(turn: (i: number) => number, phase: number): number {
  const [i, f] = [phase >>> 22, phase & 2 ** 22 - 1];
  const here = BigInt(turn(i));
  return Number((here * 2n ** 22n + (BigInt(turn(i + 1)) - here) * BigInt(f) + 2n ** 37n) >> 38n);
}

/** Cosines and sines of the turns of each token. */
export function rotaryAnglesI16(op: Operands): void {
  const [frequency, table, past, y] = ["frequency", "turn", "past", "y"].map((name) =>
    op.get(name)
  );
  const last = op.attribute("last") || Infinity;
  const turn = (i: number): number => table.get(0, i);
  sequencesOf(op).forEach(([first, end], s) => {
    for (let t = first; t < end; t++) {
      const position = Math.min(past.get(0, s) + t - first, last);
      for (let h = 0; h < frequency.columns; h++) {
        const phase = Math.imul(position, frequency.get(0, h));
        y.set(2 * t, h, cosine(turn, phase));
        y.set(2 * t + 1, h, cosine(turn, phase - 2 ** 30));
      }
    }
  });
}
