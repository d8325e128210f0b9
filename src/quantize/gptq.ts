/**
 * GPTQ (Frantar et al., 2023): columns become codes one after the other, and those that are left make up for the error
 * in what the layer computes. The larger a column's input, the earlier its turn ("act-order").
 */
import { FewbitError } from "../errors.ts";
import { cholesky } from "../numeric/cholesky.ts";
import { roundHalfEven } from "../numeric/half_even.ts";

/** A grid of 4 bits for rows `[N, K]`: `scales[n]·factor[n][g]·(code − zero[n][g])`, g the group of the column. */
export interface FourBitGrid {
  /** `[N]`, float32. */
  readonly scales: Float32Array;
  /** `[N, G]`. */
  readonly zero: Uint8Array;
  /** `[N, G]`, 1 … 255; 1 where there is none. */
  readonly factor?: Uint8Array;
  /** Columns of a group; the last may have fewer. */
  readonly group: number;
}

/** What is added to the diagonal, of its mean: columns that were never seen have no other weight. */
const DAMPING = 0.01;
/** More makes the diagonal large against all else, so that only what is not finite fails. */
const MOST_DAMPING = 1e12;
/** Columns whose errors are handed on together, and rows that are rounded together: both stay in caches. */
const COLUMNS = 32;
const ROWS = 32;

/** The step of each group of each row, `[N, G]`. */
export function stepsOf({ scales, zero, factor }: FourBitGrid): Float32Array {
  const groups = zero.length / scales.length;
  return Float32Array.from(
    zero,
    (_, i) => (factor === undefined ? 1 : factor[i]) * scales[Math.floor(i / groups)],
  );
}

/** The code of 0 … 15 next to `x/step + zero`. */
export function fourBitCode(x: number, step: number, zero: number): number {
  const code = roundHalfEven(x / step) + zero;
  return code < 0 ? 0 : code > 15 ? 15 : code;
}

/**
 * Codes of rows on a grid that keep `(w − ŵ)·H·(w − ŵ)ᵀ` small, H the damped second moments of the inputs.
 *
 * With H = L·Lᵀ (columns by rising diagonal) it is `Σ_i (L_ii·d_i + Σ_{j>i} L_ji·d_j)²`, d = w − ŵ: going down from the
 * last column, column i rounds `w_i + Σ_{j>i} L_ji·d_j / L_ii`. This is GPTQ without an inverse. In float64, in the order
 * in which it stands here: the same bits on every host.
 *
 * @param rows `[N, K]`.
 * @param moments Second moments `[K, K]`, of which the lower triangle is read.
 * @throws {FewbitError} `invalid_argument` where they are not finite.
 */
export function gptqCodes(
  rows: Float32Array,
  n: number,
  grid: FourBitGrid,
  moments: Float32Array,
): Uint8Array {
  const k = rows.length / n;
  const groups = grid.zero.length / n;
  const steps = stepsOf(grid);
  const { order, factor } = decomposed(moments, k);
  const groupOf = Int32Array.from(order, (column) => Math.floor(column / grid.group));
  const codes = new Uint8Array(n * k);
  const weights = new Float64Array(ROWS * k);
  const carried = new Float64Array(ROWS * k);
  const errors = new Float64Array(ROWS * COLUMNS);
  for (let first = 0; first < n; first += ROWS) {
    const count = Math.min(ROWS, n - first);
    for (let r = 0; r < count; r++) {
      const at = (first + r) * k;
      for (let i = 0; i < k; i++) weights[r * k + i] = rows[at + order[i]];
    }
    carried.fill(0);
    for (let end = k; end > 0; end -= COLUMNS) {
      const start = Math.max(0, end - COLUMNS);
      for (let r = 0; r < count; r++) {
        const own = carried.subarray(r * k, (r + 1) * k);
        for (let i = end - 1; i >= start; i--) {
          const at = (first + r) * groups + groupOf[i];
          const w = weights[r * k + i];
          const code = fourBitCode(w + own[i] / factor[i * k + i], steps[at], grid.zero[at]);
          codes[(first + r) * k + order[i]] = code;
          const error = w - (code - grid.zero[at]) * steps[at];
          errors[r * COLUMNS + i - start] = error;
          for (let j = start; j < i; j++) own[j] += error * factor[i * k + j];
        }
        const known = errors.subarray(r * COLUMNS, r * COLUMNS + end - start);
        handOn(own, known, factor, start, k);
      }
    }
  }
  return codes;
}

/** Adds the errors of columns `start` … to what the columns before them have to make up for. */
function handOn(
  own: Float64Array,
  errors: Float64Array,
  factor: Float64Array,
  start: number,
  k: number,
): void {
  let c = 0;
  for (; c + 4 <= errors.length; c += 4) {
    const [e0, e1, e2, e3] = [errors[c], errors[c + 1], errors[c + 2], errors[c + 3]];
    const r0 = (start + c) * k, r1 = r0 + k, r2 = r1 + k, r3 = r2 + k;
    for (let j = 0; j < start; j++) {
      own[j] = own[j] + e0 * factor[r0 + j] + e1 * factor[r1 + j] + e2 * factor[r2 + j] +
        e3 * factor[r3 + j];
    }
  }
  for (; c < errors.length; c++) {
    const row = (start + c) * k;
    for (let j = 0; j < start; j++) own[j] += errors[c] * factor[row + j];
  }
}

/** Columns by rising diagonal, and L of the damped moments in that order. */
function decomposed(
  moments: Float32Array,
  k: number,
): { readonly order: Uint32Array; readonly factor: Float64Array } {
  const diagonal = Float64Array.from({ length: k }, (_, i) => moments[i * k + i]);
  const order = Uint32Array.from(diagonal.keys()).sort((a, b) =>
    diagonal[a] - diagonal[b] || a - b
  );
  const mean = diagonal.reduce((a, b) => a + b, 0) / k;
  const factor = new Float64Array(k * k);
  // Where nothing was seen, or float32 sums are no longer definite, more is added, and at last nothing else is left.
  const most = Number.isFinite(mean) ? MOST_DAMPING : 0;
  for (let damping = DAMPING; damping < most; damping *= 10) {
    const added = mean > 0 ? damping * mean : 1;
    for (let i = 0; i < k; i++) {
      for (let j = 0; j < i; j++) {
        const [a, b] = order[i] > order[j] ? [order[i], order[j]] : [order[j], order[i]];
        factor[i * k + j] = moments[a * k + b];
      }
      factor[i * k + i] = diagonal[order[i]] + added;
    }
    if (cholesky(factor, k)) return { order, factor };
  }
  throw new FewbitError("invalid_argument", "Cannot round weights: second moments are not finite");
}
