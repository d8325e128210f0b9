/** The offline half of I-ViT (Li and Gu, 2023, section 3): weights, biases, norms and tables as integers. */
import { FewbitError } from "../errors.ts";
import { clampCode, largestCode, LEAST_SCALE } from "../numeric/grid.ts";
import { roundHalfEven } from "../numeric/half_even.ts";

/** Integer weights with a float32 scale for each output channel. */
export interface QuantizedWeight {
  /** `[N, K]`. */
  readonly codes: Int8Array;
  /** `[N]`. */
  readonly scales: Float32Array;
}

/** An integer LayerNorm: integer bias, and the float32 scale of its output for each channel. */
export interface QuantizedNorm {
  /** `[C]`. */
  readonly bias: Int32Array;
  /** `[C]`, with the sign of γ. */
  readonly scales: Float32Array;
}

/**
 * Weights per output channel: `s = fl32(max|w|/n)`, codes `round(fl32(fl32(1/s)·w))`.
 *
 * @param rows `[N, K]`.
 * @param bits 8, or 7 for codes in −63…63 (exact on the relaxed dot product).
 * @param floors Least scale of each channel: where a bias would not fit otherwise.
 */
export function quantizeWeight(
  rows: Float32Array,
  n: number,
  bits: 7 | 8,
  floors?: Float32Array,
): QuantizedWeight {
  const k = rows.length / n;
  const largest = largestCode(bits);
  const codes = new Int8Array(rows.length);
  const scales = new Float32Array(n);
  for (let i = 0; i < n; i++) {
    const row = rows.subarray(i * k, (i + 1) * k);
    let magnitude = 0;
    for (let j = 0; j < k; j++) magnitude = Math.max(magnitude, Math.abs(row[j]));
    const least = Math.max(LEAST_SCALE, floors?.[i] ?? 0);
    scales[i] = Math.max(Math.fround(magnitude / largest), least);
    const inverse = Math.fround(1 / scales[i]);
    for (let j = 0; j < k; j++) {
      const code = roundHalfEven(Math.fround(inverse * row[j]));
      codes[i * k + j] = Math.max(bits === 8 ? -128 : -63, Math.min(largest, code));
    }
  }
  return { codes, scales };
}

/**
 * Bias on the grid of the accumulators: `round(fl32(fl32(1/s)·b))`, `s` its channel's scale.
 *
 * @throws {FewbitError} Where a code does not leave room for the sum in an i32.
 */
export function quantizeBias(bias: Float32Array, scales: Float32Array, name: string): Int32Array {
  return Int32Array.from(bias, (b, i) => {
    const code = roundHalfEven(Math.fround(Math.fround(1 / scales[i]) * b));
    if (!(Math.abs(code) < 2 ** 30)) {
      throw new FewbitError(
        "unsupported",
        `Cannot quantise ${name}.bias[${i}] = ${b}: its code ${code} is not below 2^30`,
      );
    }
    return code;
  });
}

/** Largest epsilon that an integer LayerNorm, which has none, stands for. */
const LARGEST_EPSILON = 1e-3;

/** Refuses a LayerNorm whose epsilon counts beside variances. */
export function checkEpsilon(epsilon: number, name: string): void {
  if (epsilon <= LARGEST_EPSILON) return;
  throw new FewbitError(
    "unsupported",
    `Cannot quantise ${name}: its epsilon (layer_norm_eps) is ${epsilon}, integer LayerNorms have ` +
      `none; supported is up to ${LARGEST_EPSILON}`,
  );
}

/**
 * Constants of an integer LayerNorm: `A = fl32(fl32(fl32(√C)·2^-30)·γ)`,
 * `b = ⌊fl32(fl32(β/γ) / fl32(fl32(√C)·2^-30))⌋`.
 *
 * @throws {FewbitError} Where γ is too small beside β, or zero.
 */
export function quantizeNorm(gamma: Float32Array, beta: Float32Array, name: string): QuantizedNorm {
  const base = Math.fround(Math.fround(Math.sqrt(gamma.length)) / 2 ** 30);
  const bias = Int32Array.from(gamma, (g, i) => {
    const code = Math.floor(Math.fround(Math.fround(beta[i] / g) / base));
    if (!(Math.abs(code) < 2 ** 30)) {
      throw new FewbitError(
        "unsupported",
        `Cannot quantise ${name}: weight[${i}] = ${g} is too small for bias[${i}] = ${beta[i]}`,
      );
    }
    return code;
  });
  return { bias, scales: gamma.map((g) => base * g) };
}

/**
 * γ with every magnitude large enough for its β: the smallest that keeps |b| below 2^30, sign kept.
 * Calls `warn` with each channel that changes.
 */
export function raiseSmallGamma(
  gamma: Float32Array,
  beta: Float32Array,
  warn: (channel: number) => void,
): Float32Array {
  const root = Math.fround(Math.sqrt(gamma.length));
  return gamma.map((g, i) => {
    const bias = Math.abs(Math.fround(beta[i] / g)) * 2 ** 30 / root;
    if (bias < 2 ** 30 - 1) return g;
    const least = Math.max(
      Math.fround(Math.fround(Math.abs(beta[i]) / root) * Math.fround(1 + 2 ** -20)),
      2 ** -60,
    );
    warn(i);
    return Object.is(Math.sign(g), -0) || g < 0 ? -least : least;
  });
}

/** `x0 = ⌊−fl32(1/s)⌋` of a shift-exponential whose argument has the scale s. */
export function shiftExponent(scale: number): number {
  return Math.floor(-Math.fround(1 / scale));
}

/** An activation of real numbers. */
export type ActivationFunction = (x: number) => number;

/** An activation and its requantisation as a byte table, indexed by code + 128. */
export function activationTable(
  scale: number,
  outputScale: number,
  f: ActivationFunction,
): Int8Array {
  return Int8Array.from({ length: 256 }, (_, i) => codeOf(f((i - 128) * scale), outputScale, 8));
}

/** An activation and its requantisation for codes of 12 bits, indexed by code + 2048. */
export function activationTable12(
  scale: number,
  outputScale: number,
  f: ActivationFunction,
): Int16Array {
  return Int16Array.from(
    { length: 4096 },
    (_, i) => codeOf(f((i - 2048) * scale), outputScale, 12),
  );
}

function codeOf(value: number, scale: number, bits: number): number {
  return clampCode(roundHalfEven(value / scale), bits);
}

/** `round(exp(−d·s)·2^20)`, d = 0…255: the exponentials of mode `table`. */
export function softmaxTable(scale: number): Int32Array {
  return Int32Array.from(
    { length: 256 },
    (_, d) => roundHalfEven(Math.exp(-d * scale) * 2 ** 20),
  );
}
