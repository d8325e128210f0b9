/** Token tables in integers. */
import type { Steps } from "../event_loop.ts";
import { quantizeWeight } from "./integer_constants.ts";
import type { QuantizedWeight } from "./integer_constants.ts";
import { clampCode, LEAST_SCALE } from "../numeric/grid.ts";
import { roundHalfEven } from "../numeric/half_even.ts";

/** Elements of a step. */
const STEP_ELEMENTS = 2 ** 17;

/** A token table with a scale for each row; codes −127…127. Some rows are a step. */
export function* quantizeRows(table: Float32Array, rows: number): Steps<QuantizedWeight> {
  const width = table.length / rows;
  const codes = new Int8Array(table.length);
  const scales = new Float32Array(rows);
  const step = Math.ceil(STEP_ELEMENTS / width);
  for (let first = 0; first < rows; first += step) {
    const count = Math.min(step, rows - first);
    const reals = table.subarray(first * width, (first + count) * width);
    const part = quantizeWeight(reals, count, 8);
    codes.set(part.codes, first * width);
    scales.set(part.scales, first);
    yield;
  }
  return { codes, scales };
}

/** Columns that share a factor in a table of 4 bits. */
export const GROUP = 32;

/** A token table of 4 bits: element = code·factor of its group·scale of its row. */
export interface PackedRows {
  /** `[V, C / 2]`, the code of the even column in the low half. */
  readonly codes: Uint8Array;
  /** `[V, C / 32]`. */
  readonly factors: Uint8Array;
  /** `[V]`. */
  readonly scales: Float32Array;
}

/**
 * A token table in 4 bits: row scales put the largest group at factor 255; of the factors from 3/4 of
 * the one that holds the largest element upwards, each group has that with the least squared error.
 * Some rows are a step.
 */
export function* quantizeRows4(table: Float32Array, rows: number): Steps<PackedRows> {
  const width = table.length / rows;
  const groups = width / GROUP;
  const codes = new Uint8Array(table.length / 2);
  const factors = new Uint8Array(rows * groups);
  const scales = new Float32Array(rows);
  // For each element several factors are tried.
  const step = Math.ceil(STEP_ELEMENTS / 16 / width);
  for (let r = 0; r < rows; r++) {
    if (r % step === 0) yield;
    const row = table.subarray(r * width, (r + 1) * width);
    const largest = row.reduce((max, w) => Math.max(max, Math.abs(w)), 0);
    scales[r] = Math.max(Math.fround(largest / (7 * 255)), LEAST_SCALE);
    for (let g = 0; g < groups; g++) {
      const group = row.subarray(g * GROUP, (g + 1) * GROUP);
      const factor = bestFactor(group, scales[r]);
      factors[r * groups + g] = factor;
      for (let i = 0; i < GROUP; i++) {
        const at = r * width + g * GROUP + i;
        const code = clampCode(roundHalfEven(group[i] / (factor * scales[r])), 4);
        codes[at >> 1] |= (code & 15) << 4 * (at & 1);
      }
    }
  }
  return { codes, factors, scales };
}

function bestFactor(group: Float32Array, scale: number): number {
  const largest = group.reduce((max, w) => Math.max(max, Math.abs(w)), 0);
  const most = Math.min(255, Math.max(1, Math.ceil(largest / (7 * scale))));
  const step = Math.max(1, Math.floor(most / 32));
  let best = most;
  let least = Infinity;
  for (let factor = most; factor >= Math.max(1, Math.floor(most * 3 / 4)); factor -= step) {
    let error = 0;
    for (const w of group) {
      const code = clampCode(roundHalfEven(w / (factor * scale)), 4);
      error += (w - code * factor * scale) ** 2;
    }
    if (error < least) [least, best] = [error, factor];
  }
  return best;
}

/** What an element of a table stands for. */
export function elementOf(
  { codes, factors, scales }: PackedRows,
  row: number,
  column: number,
): number {
  const at = row * (codes.length * 2 / scales.length) + column;
  const code = (codes[at >> 1] >> 4 * (at & 1) & 15) << 28 >> 28;
  return code * factors[Math.floor(at / GROUP)] * scales[row];
}
