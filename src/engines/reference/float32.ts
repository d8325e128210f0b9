/**
 * Functions of +, −, ×, ÷ and bit operations only, every operation rounded: in float32 the same bits on
 * every engine. Rounding an exact or double result of two float32 operands once with `Math.fround` is
 * what float32 arithmetic does. `asm/kernels/f32_math.ts` says how good the polynomials are.
 */
import { FLOAT32 } from "./_arithmetic.ts";
import type { Arithmetic } from "./_arithmetic.ts";

export { exp } from "../../numeric/exp.ts";

/** What counts as this below it in σ and SiLU: e^89 has no float32. */
const SILU_LEAST = -88;

/** What x counts as in σ and SiLU. */
export function aboveLeast(x: number): number {
  return x < SILU_LEAST ? SILU_LEAST : x;
}

/** `1 + e^−x` for x ≥ −88; the divisor of σ and SiLU. */
export function onePlusExp(x: number, { round, exp }: Arithmetic = FLOAT32): number {
  return round(1 + exp(-x));
}

/** `1 / (1 + e^−b)`, b = max(x, −88). */
export function sigmoid(x: number, arithmetic: Arithmetic = FLOAT32): number {
  return arithmetic.round(1 / onePlusExp(aboveLeast(x), arithmetic));
}

/** `b / (1 + e^−b)`, b = max(x, −88). */
export function silu(x: number, arithmetic: Arithmetic = FLOAT32): number {
  const b = aboveLeast(x);
  return arithmetic.round(b / onePlusExp(b, arithmetic));
}

/** `1 / √(Σ x²/C + epsilon)` of a row. */
export function inverseRms(
  row: readonly number[],
  epsilon: number,
  arithmetic: Arithmetic = FLOAT32,
): number {
  const { round } = arithmetic;
  const mean = round(sum16(row.map((x) => round(x * x)), arithmetic) / round(row.length));
  return round(1 / round(Math.sqrt(round(mean + epsilon))));
}

const GELU_LIMIT = 14;

/** `x/2·(1 + erf(x/√2))` as `max(x, 0) − |x|·Φ(−|x|)`. */
export function gelu(x: number, { round, normalTail }: Arithmetic = FLOAT32): number {
  const a = Math.min(Math.abs(x), GELU_LIMIT);
  return round((x < 0 ? 0 : x) - round(a * normalTail(a)));
}

/** 16 strided partial sums from +0, then halves onto halves. */
export function sum16(values: readonly number[], { round }: Arithmetic = FLOAT32): number {
  const partial = new Array<number>(16).fill(0);
  values.forEach((value, i) => partial[i % 16] = round(partial[i % 16] + value));
  for (let half = 8; half >= 1; half /= 2) {
    for (let i = 0; i < half; i++) partial[i] = round(partial[i] + partial[i + half]);
  }
  return partial[0];
}

/** Softmax of a row; a row of −∞ gives 0. */
export function softmax(row: readonly number[], arithmetic: Arithmetic = FLOAT32): number[] {
  const { round, exp } = arithmetic;
  const max = row.reduce((a, b) => Math.max(a, b), -Infinity);
  if (max === -Infinity) return row.map(() => 0);
  const exponentials = row.map((value) => exp(round(value - max)));
  const sum = sum16(exponentials, arithmetic);
  return exponentials.map((value) => round(value / sum));
}
