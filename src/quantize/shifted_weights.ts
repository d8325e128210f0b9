/** Weights of integer language models: 8 bits a row, 4 bits a row or in groups of columns. */
import { FewbitError } from "../errors.ts";
import { LEAST_SCALE } from "../numeric/grid.ts";
import { roundHalfEven } from "../numeric/half_even.ts";
import { quantizeWeight } from "./integer_constants.ts";

const { fround } = Math;

/** Which integers weights become; `g64` and `g32` have a zero point and a factor for each 64 or 32 columns. */
export type LanguageBits = "w8a8" | "w4a8" | "w4a8g64" | "w4a8g32";

/** All that {@linkcode LanguageBits} says. */
export const LANGUAGE_BITS: readonly LanguageBits[] = ["w8a8", "w4a8", "w4a8g64", "w4a8g32"];

/** Weights `[N, K]` as `scales[n]·factor[n][g]·(codes[n][k] − zero[n][g])`, g the group of column k. */
export interface ShiftedWeight {
  /** `[N, K]`. */
  readonly codes: Int8Array | Uint8Array;
  /** `[N]`, float32. */
  readonly scales: Float32Array;
  /** Of 4 bits: `[N, G]`. */
  readonly zero?: Uint8Array;
  /** Of groups: `[N, G]`, 1 … 255. */
  readonly factor?: Uint8Array;
  /** Columns of a group; the last may have fewer. */
  readonly group: number;
}

/** Columns of the groups, or 0. */
export function groupOf(bits: LanguageBits): 0 | 32 | 64 {
  return bits === "w4a8g64" ? 64 : bits === "w4a8g32" ? 32 : 0;
}

/** Largest factor of a group. */
const LARGEST_FACTOR = 255;

/**
 * Rounds weights to the nearest codes.
 *
 * @param rows `[N, K]`.
 * @param largestInput Largest magnitude of what is multiplied, its code of 0 taken off: sums of products
 * stay below 2^31.
 * @throws {FewbitError} `unsupported` where they could not.
 */
export function quantizeShifted(
  rows: Float32Array,
  n: number,
  bits: LanguageBits,
  largestInput: number,
  name: string,
): ShiftedWeight {
  const k = rows.length / n;
  if (bits === "w8a8") {
    const weight = { ...quantizeWeight(rows, n, 8), group: k };
    expectRoom(weight, n, largestInput, name);
    return weight;
  }
  const group = groupOf(bits);
  if (group === 0) {
    const weight = fourBits(rows, n, k, 0);
    expectRoom(weight, n, largestInput, name);
    return weight;
  }
  for (let largest = LARGEST_FACTOR;; largest >>= 1) {
    const weight = fourBits(rows, n, group, largest);
    if (largest === 1 || largestSum(weight, n) * largestInput < 2 ** 31) {
      expectRoom(weight, n, largestInput, name);
      return weight;
    }
  }
}

/**
 * Codes 0 … 15 of groups of columns: the range of a group is widened to hold 0, `s = fl32((hi − lo)/15)`,
 * `zero = round(−lo/s)`. With factors, `scale = fl32(max s / largest)` of a row, `factor = round(s/scale)`.
 */
function fourBits(rows: Float32Array, n: number, group: number, largest: number): ShiftedWeight {
  const k = rows.length / n;
  const groups = Math.ceil(k / group);
  const [codes, scales] = [new Uint8Array(n * k), new Float32Array(n)];
  const [zero, factor] = [new Uint8Array(n * groups), new Uint8Array(n * groups)];
  const own = new Float32Array(groups);
  for (let r = 0; r < n; r++) {
    const row = rows.subarray(r * k, (r + 1) * k);
    for (let g = 0; g < groups; g++) {
      let [low, high] = [0, 0];
      for (const w of row.subarray(g * group, (g + 1) * group)) {
        if (w < low) low = w;
        if (w > high) high = w;
      }
      own[g] = Math.max(fround(fround(high - low) / 15), LEAST_SCALE);
      zero[r * groups + g] = roundHalfEven(fround(-low / own[g]));
    }
    const most = own.reduce((a, b) => Math.max(a, b));
    scales[r] = largest > 0 ? fround(most / largest) : most;
    for (let g = 0; g < groups; g++) {
      const at = r * groups + g;
      factor[at] = largest > 0
        ? Math.max(1, Math.min(largest, roundHalfEven(fround(own[g] / scales[r]))))
        : 1;
      const step = fround(factor[at] * scales[r]);
      for (let i = g * group; i < Math.min(k, (g + 1) * group); i++) {
        const code = roundHalfEven(fround(row[i] / step)) + zero[at];
        codes[r * k + i] = Math.max(0, Math.min(15, code));
      }
    }
  }
  return { codes, scales, zero, ...largest > 0 && { factor }, group };
}

/** `Σ_k factor·(code − zero)` of each row. */
export function rowSums(weight: ShiftedWeight, n: number): Int32Array<ArrayBuffer> {
  return Int32Array.from(sumsOf(weight, n, (sum, factor) => factor * sum));
}

/** Largest `Σ_k |factor·(code − zero)|` of a row. */
function largestSum(weight: ShiftedWeight, n: number): number {
  return sumsOf(weight, n, (_, factor, magnitude) => factor * magnitude)
    .reduce((a, b) => Math.max(a, b), 0);
}

/** For each row the sum over groups of a number that follows from the codes of the group. */
function sumsOf(
  { codes, zero, factor, group }: ShiftedWeight,
  n: number,
  of: (sum: number, factor: number, magnitude: number) => number,
): Float64Array {
  const k = codes.length / n;
  const groups = Math.ceil(k / group);
  const sums = new Float64Array(n);
  for (let at = 0; at < n * groups; at++) {
    const row = Math.floor(at / groups);
    const start = row * k + (at % groups) * group;
    const end = Math.min((row + 1) * k, start + group);
    const z = zero === undefined ? 0 : zero[at];
    let [sum, magnitude] = [0, 0];
    for (let i = start; i < end; i++) {
      const w = codes[i] - z;
      sum += w;
      magnitude += w < 0 ? -w : w;
    }
    sums[row] += of(sum, factor === undefined ? 1 : factor[at], magnitude);
  }
  return sums;
}

function expectRoom(weight: ShiftedWeight, n: number, largestInput: number, name: string): void {
  if (largestSum(weight, n) * largestInput < 2 ** 31) return;
  throw new FewbitError(
    "unsupported",
    `Cannot quantise ${name}: the sums of its ${weight.codes.length / n} products reach 2^31`,
  );
}
