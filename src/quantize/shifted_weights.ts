/** Weights of integer language models: 8 bits a row, 4 bits a row or in groups of columns. */
import { FewbitError } from "../errors.ts";
import { roundHalfEven } from "../numeric/half_even.ts";
import { fourBitCode, gptqCodes, stepsOf } from "./gptq.ts";
import type { FourBitGrid } from "./gptq.ts";
import { quantizeWeight } from "./integer_constants.ts";
import { chosenRanges, fourBitRange, RANGE_FACTORS } from "./range_factors.ts";

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

/** Bits of the lower digit of codes of 12 bits, which layers of 4-bit weights read as two codes. */
export const DIGIT_BITS = 4;

/** The digits of a code of 0: `zero = 16·high + low`, low −8 … 7. */
export function digitsOfZero(zero: number): readonly [high: number, low: number] {
  const high = (zero + 2 ** (DIGIT_BITS - 1)) >> DIGIT_BITS;
  return [high, zero - (high << DIGIT_BITS)];
}

/**
 * Largest magnitude of what one product reads, codes without their zero: of those of 12 bits weights of 4 bits read the
 * upper digit alone, beside which the lower one's 23 is small.
 */
export function largestInputOf(zero: number, bits: number, of: LanguageBits): number {
  const isSplit = bits > 8 && of !== "w8a8";
  const [own, end] = isSplit ? [digitsOfZero(zero)[0], 128] : [zero, 2 ** (bits - 1)];
  return Math.max(end - 1 - own, own + end);
}

/** Largest factor of a group. */
const LARGEST_FACTOR = 255;

/** How weights of 4 bits are rounded by what they multiply. */
export interface Rounding {
  /** Second moments of the input `[K, K]`, of which the lower triangle is read. */
  readonly moments: Float32Array;
  /** Of each group, which of {@linkcode RANGE_FACTORS}. Default: that with the least error. */
  readonly ranges?: Uint8Array;
}

/**
 * Makes codes of weights: the nearest ones, or by GPTQ.
 *
 * @param rows `[N, K]`.
 * @param largestInput Largest magnitude of what is multiplied, its code of 0 taken off: sums of products
 * stay below 2^31.
 * @param rounding Of 4 bits: by GPTQ on a part of the range of each group. Default: to the nearest code of all of it.
 * @throws {FewbitError} `unsupported` where they could not.
 */
export function quantizeShifted(
  rows: Float32Array,
  n: number,
  bits: LanguageBits,
  largestInput: number,
  name: string,
  rounding?: Rounding,
): ShiftedWeight & { readonly ranges?: Uint8Array } {
  const k = rows.length / n;
  if (bits === "w8a8") {
    const weight = { ...quantizeWeight(rows, n, 8), group: k };
    expectRoom(weight, n, largestInput, name);
    return weight;
  }
  const hasFactors = groupOf(bits) > 0;
  const group = hasFactors ? groupOf(bits) : k;
  const ranges = rounding && rangesOf(rows, n, group, rounding, name);
  for (let largest = hasFactors ? LARGEST_FACTOR : 1;; largest >>= 1) {
    const grid = fourBitGrid(rows, n, group, hasFactors ? largest : 0, ranges);
    const codes = rounding === undefined
      ? nearestCodes(rows, n, grid)
      : gptqCodes(rows, n, grid, rounding.moments);
    const weight = { ...grid, codes, ...ranges && { ranges } };
    if (largest === 1 || hasRoom(weight, n, largestInput)) {
      expectRoom(weight, n, largestInput, name);
      return weight;
    }
  }
}

/** Range factors that are given, or those with the least error. */
function rangesOf(
  rows: Float32Array,
  n: number,
  group: number,
  { moments, ranges }: Rounding,
  name: string,
): Uint8Array {
  if (ranges === undefined) return chosenRanges(rows, n, group, moments);
  const count = n * Math.ceil(rows.length / n / group);
  // Files have two a byte: there may be one too many.
  if (ranges.length === count || ranges.length === count + 1) return ranges.subarray(0, count);
  throw new FewbitError(
    "invalid_argument",
    `Cannot quantise ${name}: ${ranges.length} range factors for ${count} groups`,
  );
}

/**
 * The grid of groups of columns: the range of a group is widened to hold 0, `s = fl32((hi − lo)/15)`, `zero =
 * round(−lo/s)`. With factors, `scale = fl32(max s / largest)` of a row, `factor = round(s/scale)`.
 */
function fourBitGrid(
  rows: Float32Array,
  n: number,
  group: number,
  largest: number,
  ranges: Uint8Array | undefined,
): FourBitGrid {
  const k = rows.length / n;
  const groups = Math.ceil(k / group);
  const scales = new Float32Array(n);
  const [zero, factor] = [new Uint8Array(n * groups), new Uint8Array(n * groups)];
  const own = new Float32Array(groups);
  for (let r = 0; r < n; r++) {
    for (let g = 0; g < groups; g++) {
      const at = r * groups + g;
      const end = Math.min((r + 1) * k, r * k + (g + 1) * group);
      const part = ranges === undefined ? 1 : RANGE_FACTORS[ranges[at]];
      ({ step: own[g], zero: zero[at] } = fourBitRange(
        rows.subarray(r * k + g * group, end),
        part,
      ));
    }
    const most = own.reduce((a, b) => Math.max(a, b));
    scales[r] = largest > 0 ? fround(most / largest) : most;
    for (let g = 0; g < groups; g++) {
      factor[r * groups + g] = Math.max(
        1,
        Math.min(largest, roundHalfEven(fround(own[g] / scales[r]))),
      );
    }
  }
  return { scales, zero, ...largest > 0 && { factor }, group };
}

function nearestCodes(rows: Float32Array, n: number, grid: FourBitGrid): Uint8Array {
  const k = rows.length / n;
  const groups = grid.zero.length / n;
  const steps = stepsOf(grid);
  return Uint8Array.from(rows, (w, i) => {
    const at = Math.floor(i / k) * groups + Math.floor(i % k / grid.group);
    return fourBitCode(fround(w / steps[at]), 1, grid.zero[at]);
  });
}

/** `Σ_k factor·(code − zero)` of each row. */
export function rowSums(weight: ShiftedWeight, n: number): Int32Array<ArrayBuffer> {
  return Int32Array.from(sumsOf(weight, n, (sum, factor) => factor * sum));
}

/** `Σ_k |factor·(code − zero)|` of each row. */
function magnitudes(weight: ShiftedWeight, n: number): Float64Array {
  return sumsOf(weight, n, (_, factor, magnitude) => factor * magnitude);
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

/**
 * Sums of a row, with what is added to them, have 32 bits.
 *
 * @param biases What is added; of each row one.
 * @throws {FewbitError} `unsupported` where they could have more, `shape_mismatch` for another count of biases.
 */
export function expectRoom(
  weight: ShiftedWeight,
  n: number,
  largestInput: number,
  name: string,
  biases?: Int32Array,
): void {
  if (biases !== undefined && biases.length !== n) {
    throw new FewbitError(
      "shape_mismatch",
      `Cannot quantise ${name}: ${biases.length} biases for ${n} rows`,
    );
  }
  if (hasRoom(weight, n, largestInput, biases)) return;
  throw new FewbitError(
    "unsupported",
    `Cannot quantise ${name}: the sums of its ${weight.codes.length / n} products reach 2^31`,
  );
}

function hasRoom(
  weight: ShiftedWeight,
  n: number,
  largestInput: number,
  biases?: Int32Array,
): boolean {
  return magnitudes(weight, n).every((sum, row) =>
    sum * largestInput + Math.abs(biases?.[row] ?? 0) < 2 ** 31
  );
}
