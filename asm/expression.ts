// Values and ranges of expressions, as in `src/program/expression.ts`. Verification bounds every
// partial sum by 2^52, so that float64 here and there, and 64-bit integers at run time, are exact.
import { NONE, SYMBOL_LOAD, VERDICT_BAD_EXPRESSION } from "./generated/format";
import { Model } from "./model";

const MAX_VALUE: i64 = 2147483647;
const MAX_MAGNITUDE: u64 = 4503599627370496;

/** Value of an expression; `symbols` are i32. */
export function evaluate(model: Model, index: u32, symbols: usize): i32 {
  const expression = model.expression(index);
  let sum = <i64> expression.constant;
  for (let j: u32 = 0, n = expression.terms; j < n; j++) {
    sum += <i64> expression.coefficient(j) *
      <i64> load<i32>(symbols + (<usize> expression.symbol(j) << 2));
  }
  const by = expression.modulus;
  return <i32> (by == NONE ? sum : sum % <i64> model.range(by).min);
}

/** Values of all expressions, as i32; returns whether any is another one than before. */
export function evaluateAll(model: Model, symbols: usize, values: usize): bool {
  let difference: i32 = 0;
  for (let i: u32 = 0, n = model.expressionsCount; i < n; i++) {
    const at = values + (<usize> i << 2);
    const value = evaluate(model, i, symbols);
    difference |= value ^ load<i32>(at);
    store<i32>(at, value);
  }
  return difference != 0;
}

/** Whether an expression has the same value in every run. */
export function isLoadTime(model: Model, index: u32): bool {
  const expression = model.expression(index);
  for (let j: u32 = 0, n = expression.terms; j < n; j++) {
    if (model.symbol(expression.symbol(j)).kind != SYMBOL_LOAD) return false;
  }
  return true;
}

/** Whether expression `a` is expression `b` plus a constant, whatever the symbols are. */
export function equals(model: Model, a: u32, b: u32, plus: i32 = 0): bool {
  if (a == b) return plus == 0;
  const left = model.expression(a);
  const right = model.expression(b);
  if (<i64> left.constant != <i64> right.constant + plus) return false;
  if (left.modulus != right.modulus || left.terms != right.terms) return false;
  for (let j: u32 = 0, n = left.terms; j < n; j++) {
    if (
      left.coefficient(j) != right.coefficient(j) || left.symbol(j) != right.symbol(j)
    ) return false;
  }
  return plus == 0 || left.modulus == NONE;
}

/** Range of every expression, once the ranges of the symbols are known. */
export function expressionRanges(model: Model): i32 {
  for (let i: u32 = 0, n = model.expressionsCount; i < n; i++) {
    const expression = model.expression(i);
    const by = expression.modulus;
    if (by != NONE && model.range(by).min < 1) return VERDICT_BAD_EXPRESSION;
    // Three terms of at most 2^62: sums may wrap, but then the magnitude, which does not, is refused.
    let least = <i64> expression.constant;
    let most = least;
    let magnitude = <u64> abs(least);
    for (let j: u32 = 0, n = expression.terms; j < n; j++) {
      const factor = <i64> expression.coefficient(j);
      const symbol = model.symbolValue(expression.symbol(j));
      const low = <i64> symbol.min;
      const high = <i64> symbol.max;
      least += factor * (factor < 0 ? high : low);
      most += factor * (factor < 0 ? low : high);
      magnitude += <u64> (abs(factor) * high);
    }
    if (by != NONE && least >= 0) {
      // Every value is a multiple of what divides all of its parts: 6·p mod 24 is at most 18.
      let step = commonDivisor(model.range(by).min, expression.constant);
      for (let j: u32 = 0, n = expression.terms; j < n; j++) {
        step = commonDivisor(step, expression.coefficient(j));
      }
      least = 0;
      most = min(most, <i64> model.range(by).min - step);
    }
    if (least < 0 || most > MAX_VALUE || magnitude > MAX_MAGNITUDE) return VERDICT_BAD_EXPRESSION;
    const range = model.range(i);
    range.min = <i32> least;
    range.max = <i32> most;
  }
  return 0;
}

function commonDivisor(x: i64, y: i64): i64 {
  while (y != 0) {
    const rest = x % y;
    x = y;
    y = rest;
  }
  return x < 0 ? -x : x;
}
