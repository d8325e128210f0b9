/** Integer softmax of one row, by a table or by shift-exponentials. */
import type { Operands } from "./_operands.ts";
import { shiftExp, SUM_LIMIT } from "./_shift_exp.ts";

const FRACTION_BITS = 15;

/** Probabilities of one row of scores; `hidden[j]` masks an entry. */
export type RowSoftmax = (scores: readonly number[], hidden: readonly boolean[]) => number[];

/** The softmax that an instruction's operands ask for, with results of 16 or 8 bits. */
export function rowSoftmax(op: Operands, bits: number): RowSoftmax {
  const exponentials = op.optional("exponentials");
  if (exponentials !== undefined) {
    const table = exponentials.row(0);
    return (scores, hidden) => tableSoftmax(scores, hidden, table);
  }
  const x0 = op.get("x0").get(0, 0);
  return (scores, hidden) => shiftSoftmax(scores, hidden, x0, bits);
}

/** Entries of the table count as unsigned. A row that is hidden throughout is 0 throughout. */
function tableSoftmax(
  scores: readonly number[],
  hidden: readonly boolean[],
  table: readonly number[],
): number[] {
  const max = maximum(scores, hidden);
  const e = scores.map((score, j) => BigInt(hidden[j] ? 0 : table[max - score] >>> 0));
  const sum = e.reduce((a, b) => a + b, 0n);
  const reciprocal = 2n ** 47n / (sum > 1n ? sum : 1n);
  return e.map((value) => Math.min(32767, Number((value * reciprocal + 2n ** 31n) >> 32n)));
}

/** A hidden entry weighs what a fully clipped one does. Exponentials saturate like their sum. */
function shiftSoftmax(
  scores: readonly number[],
  hidden: readonly boolean[],
  x0: number,
  bits: number,
): number[] {
  const max = maximum(scores, hidden);
  const clipped = -Math.min(x0, -1);
  const e = scores.map((score, j) =>
    Math.min(hidden[j] ? clipped : shiftExp(score - max, x0, FRACTION_BITS), SUM_LIMIT)
  );
  const sum = e.reduce((a, b) => a + b, 0);
  const factor = BigInt(Math.floor(SUM_LIMIT / Math.min(sum, SUM_LIMIT)));
  return e.map((value) => Number((BigInt(value) * factor) >> BigInt(32 - bits)));
}

/** The largest score that is not hidden. */
function maximum(scores: readonly number[], hidden: readonly boolean[]): number {
  return scores.reduce((max, score, j) => hidden[j] ? max : Math.max(max, score), -128);
}
