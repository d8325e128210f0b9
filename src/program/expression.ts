/** Values and ranges of expressions. */
import type { Expression, Program } from "./program.ts";

/** Smallest and largest value of an expression, both included. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

/** Value of every expression for the given values of the symbols. */
export function evaluateExpressions(program: Program, symbols: readonly number[]): Float64Array {
  const values = new Float64Array(program.expressions.length);
  program.expressions.forEach((expression, index) => {
    const value = affine(expression, symbols);
    // A modulus stands before the expressions that use it (the verifier checks this).
    values[index] = expression.modulus < 0 ? value : value % values[expression.modulus];
  });
  return values;
}

function affine(expression: Expression, symbols: readonly number[]): number {
  return expression.terms.reduce(
    (sum, [coefficient, symbol]) => sum + coefficient * symbols[symbol],
    expression.constant,
  );
}

/**
 * Range of one expression when its symbols range over a box. Exact for affine expressions, since the
 * symbols are independent; a modulus (a single value) widens it to 0 … modulus − step at most.
 */
export function rangeOf(
  expression: Expression,
  symbols: readonly Range[],
  ranges: readonly Range[],
): Range {
  let min = expression.constant;
  let max = expression.constant;
  for (const [coefficient, symbol] of expression.terms) {
    const range = symbols[symbol];
    min += coefficient * (coefficient < 0 ? range.max : range.min);
    max += coefficient * (coefficient < 0 ? range.min : range.max);
  }
  if (expression.modulus < 0) return { min, max };
  if (min < 0) return { min, max };
  // Every value is a multiple of what divides all of its parts: 6·p mod 24 is at most 18.
  const modulus = ranges[expression.modulus].min;
  const step = expression.terms.reduce(
    (divisor, [coefficient]) => commonDivisor(divisor, coefficient),
    commonDivisor(modulus, expression.constant),
  );
  return { min: 0, max: Math.min(max, modulus - step) };
}

function commonDivisor(a: number, b: number): number {
  while (b !== 0) [a, b] = [b, a % b];
  return Math.abs(a);
}
