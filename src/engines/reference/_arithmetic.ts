/**
 * How the reference engine rounds, and the functions that it computes sums and networks of. float32 is the
 * meaning of a program, to the bit; float64 with the host's functions is for derivatives, where differences
 * of nearly equal results are taken.
 */
import { accumulate16 } from "../../numeric/accumulate16.ts";
import { erf } from "../../numeric/erf.ts";
import { exp, horner } from "../../numeric/exp.ts";
import { expm1, log, log1p } from "../../numeric/log.ts";
import type { HalfType } from "../../numeric/half.ts";
import { TAIL_COEFFICIENTS, TAIL_STEP } from "../../numeric/normal_tail.ts";

/** Operations on floats of one kind. */
export interface Arithmetic {
  /** The nearest number of this kind. */
  round(x: number): number;
  /** A sum that is kept in 16 bits, and a product. */
  accumulate16(type: HalfType, sum: number, product: number): number;
  /** `e^x`, x ≤ 88. */
  exp(x: number): number;
  /** `e^x − 1`, x ≤ 88. */
  expm1(x: number): number;
  /** `ln x`. */
  log(x: number): number;
  /** `ln (1 + x)`. */
  log1p(x: number): number;
  /** `Φ(−a)`, the share of a normal distribution below −a, a ≥ 0. */
  normalTail(a: number): number;
}

function normalTail32(a: number): number {
  const { fround } = Math;
  const t = fround(1 / fround(fround(a * TAIL_STEP) + 1));
  const p = fround(horner(TAIL_COEFFICIENTS, t) * t);
  return fround(exp(fround(fround(a * -0.5) * a)) * p);
}

/** Every operation rounded to float32: the same bits on every engine. */
export const FLOAT32: Arithmetic = {
  round: Math.fround,
  accumulate16,
  exp,
  expm1,
  log,
  log1p,
  normalTail: normalTail32,
};

/** float64 with the functions of the host. */
export const FLOAT64: Arithmetic = {
  round: (x) => x,
  accumulate16: (_type, sum, product) => sum + product,
  exp: Math.exp,
  expm1: Math.expm1,
  log: Math.log,
  log1p: Math.log1p,
  normalTail: (a) => 0.5 * (1 - erf(a / Math.SQRT2)),
};
