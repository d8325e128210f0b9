/**
 * float32 functions of +, −, ×, ÷ and bit operations only, every operation rounded: the same bits on
 * every engine. Rounding an exact or double result of two float32 operands once with `Math.fround` is
 * what float32 arithmetic does. `asm/kernels/f32_math.ts` says how good the polynomials are.
 */
import { exp, horner } from "../../numeric/exp.ts";

export { exp } from "../../numeric/exp.ts";

const { fround } = Math;

/** What counts as this below it in σ and SiLU: e^89 has no float32. */
const SILU_LEAST = -88;

/** What x counts as in σ and SiLU. */
export function aboveLeast(x: number): number {
  return x < SILU_LEAST ? SILU_LEAST : x;
}

/** `1 + e^−x` for x ≥ −88; the divisor of σ and SiLU. */
export function onePlusExp(x: number): number {
  return fround(1 + exp(-x));
}

/** `1 / (1 + e^−b)`, b = max(x, −88). */
export function sigmoid(x: number): number {
  return fround(1 / onePlusExp(aboveLeast(x)));
}

/** `b / (1 + e^−b)`, b = max(x, −88). */
export function silu(x: number): number {
  const b = aboveLeast(x);
  return fround(b / onePlusExp(b));
}

/** `1 / √(Σ x²/C + epsilon)` of a row. */
export function inverseRms(row: readonly number[], epsilon: number): number {
  const mean = fround(sum16(row.map((x) => fround(x * x))) / fround(row.length));
  return fround(1 / fround(Math.sqrt(fround(mean + epsilon))));
}

const GELU_LIMIT = 14;
const GELU_STEP = fround(0.3);
const GELU_COEFFICIENTS = [
  0.035674773156642914,
  -0.1572030782699585,
  0.20635348558425903,
  -0.05368364229798317,
  0.12856163084506989,
  0.09991349279880524,
  0.12075395882129669,
  0.11962930113077164,
].map(fround);

/** `x/2·(1 + erf(x/√2))` as `max(x, 0) − |x|·Φ(−|x|)`. */
export function gelu(x: number): number {
  const a = Math.min(Math.abs(x), GELU_LIMIT);
  const t = fround(1 / fround(fround(a * GELU_STEP) + 1));
  const p = fround(horner(GELU_COEFFICIENTS, t) * t);
  const tail = fround(exp(fround(fround(a * -0.5) * a)) * p);
  return fround((x < 0 ? 0 : x) - fround(a * tail));
}

/** 16 strided partial sums from +0, then halves onto halves. */
export function sum16(values: readonly number[]): number {
  const partial = new Float32Array(16);
  values.forEach((value, i) => partial[i % 16] += value);
  for (let half = 8; half >= 1; half /= 2) {
    for (let i = 0; i < half; i++) partial[i] += partial[i + half];
  }
  return partial[0];
}

/** Softmax of a row; a row of −∞ gives 0. */
export function softmax(row: readonly number[]): number[] {
  const max = row.reduce((a, b) => Math.max(a, b), -Infinity);
  if (max === -Infinity) return row.map(() => 0);
  const exponentials = row.map((value) => exp(fround(value - max)));
  const sum = sum16(exponentials);
  return exponentials.map((value) => fround(value / sum));
}
