/** Ranges of 4-bit weights: steps that are finer where what is cut off matters less. */
import { LEAST_SCALE } from "../numeric/grid.ts";
import { roundHalfEven } from "../numeric/half_even.ts";
import { fourBitCode } from "./gptq.ts";

const { fround } = Math;

/** Parts of a range that are tried. */
export const RANGE_FACTORS: readonly number[] = [1, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.65, 0.6];
/** How many of them for a group: less of it is never better. */
const OF_A_GROUP = 5;

/** Step and code of 0 of some weights: a part of their range, widened to hold 0. */
export function fourBitRange(
  weights: Float32Array,
  part: number,
): { readonly step: number; readonly zero: number } {
  let [low, high] = [0, 0];
  for (const w of weights) {
    if (w < low) low = w;
    if (w > high) high = w;
  }
  const step = Math.max(fround(fround(fround(high * part) - fround(low * part)) / 15), LEAST_SCALE);
  return { step, zero: roundHalfEven(fround(fround(-low * part) / step)) };
}

/**
 * For each group of columns of each row, which part of its range has the least `Σ_k H_kk·(w − ŵ)²`: the first among
 * equals. In float64, columns ascending.
 *
 * @param rows `[N, K]`.
 * @param moments Second moments H of the input, `[K, K]`.
 */
export function chosenRanges(
  rows: Float32Array,
  n: number,
  group: number,
  moments: Float32Array,
): Uint8Array {
  const k = rows.length / n;
  const groups = Math.ceil(k / group);
  const diagonal = Float64Array.from({ length: k }, (_, c) => moments[c * k + c]);
  return Uint8Array.from({ length: n * groups }, (_, at) => {
    const start = (at % groups) * group;
    const row = Math.floor(at / groups) * k;
    const own = rows.subarray(row + start, row + Math.min(k, start + group));
    let [best, least] = [0, Infinity];
    for (let i = 0; i < (groups === 1 ? RANGE_FACTORS.length : OF_A_GROUP); i++) {
      const { step, zero } = fourBitRange(own, RANGE_FACTORS[i]);
      let error = 0;
      for (let c = 0; c < own.length; c++) {
        const off = own[c] - (fourBitCode(own[c] / step, 1, zero) - zero) * step;
        error += diagonal[start + c] * off * off;
      }
      if (error < least) [best, least] = [i, error];
    }
    return best;
  });
}
