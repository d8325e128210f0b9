// Values and ranges of expressions, as in `src/program/expression.ts`. Verification bounds every
// partial sum by 2^52, so that float64 here and there, and 64-bit integers at run time, are exact.
import {
  coefficient,
  count,
  expressionRecord,
  EXPRESSIONS,
  modulus,
  rangeMin,
  RANGES,
  SYMBOL_VALUE,
  SYMBOL_VALUES,
  symbolIsLoad,
  symbolRecord,
  terms,
  termSymbol,
  word,
} from "./model";
import { NONE, VERDICT_BAD_EXPRESSION } from "./generated/format";

const MAX_VALUE: f64 = 2147483647;
const MAX_MAGNITUDE: f64 = 4503599627370496;

/** Value of an expression; `symbols` are i32. */
export function evaluate(model: usize, index: u32, symbols: usize): i32 {
  const expression = expressionRecord(model, index);
  let sum = <i64> load<i32>(expression);
  for (let j: u32 = 0, n = terms(expression); j < n; j++) {
    sum += <i64> coefficient(expression, j) *
      <i64> load<i32>(symbols + (<usize> termSymbol(expression, j) << 2));
  }
  const by = modulus(expression);
  return <i32> (by == NONE ? sum : sum % <i64> rangeMin(model, by));
}

/** Values of all expressions, as i32; returns whether any is another one than before. */
export function evaluateAll(model: usize, symbols: usize, values: usize): bool {
  let difference: i32 = 0;
  for (let i: u32 = 0, n = count(model, EXPRESSIONS); i < n; i++) {
    const at = values + (<usize> i << 2);
    const value = evaluate(model, i, symbols);
    difference |= value ^ load<i32>(at);
    store<i32>(at, value);
  }
  return difference != 0;
}

/** Whether an expression has the same value in every run. */
export function isLoadTime(model: usize, index: u32): bool {
  const expression = expressionRecord(model, index);
  for (let j: u32 = 0, n = terms(expression); j < n; j++) {
    if (!symbolIsLoad(symbolRecord(model, termSymbol(expression, j)))) return false;
  }
  return true;
}

/** Whether expression `a` is expression `b` plus a constant, whatever the symbols are. */
export function equals(model: usize, a: u32, b: u32, plus: i32 = 0): bool {
  if (a == b) return plus == 0;
  const left = expressionRecord(model, a);
  const right = expressionRecord(model, b);
  if (<i64> load<i32>(left) != <i64> load<i32>(right) + plus) return false;
  if (modulus(left) != modulus(right) || terms(left) != terms(right)) return false;
  for (let j: u32 = 0, n = terms(left); j < n; j++) {
    if (
      coefficient(left, j) != coefficient(right, j) || termSymbol(left, j) != termSymbol(right, j)
    ) return false;
  }
  return plus == 0 || modulus(left) == NONE;
}

/** Range of every expression, once the ranges of the symbols are known. */
export function expressionRanges(model: usize): i32 {
  const symbols = <usize> word(model, SYMBOL_VALUES);
  const ranges = <usize> word(model, RANGES);
  for (let i: u32 = 0, n = count(model, EXPRESSIONS); i < n; i++) {
    const expression = expressionRecord(model, i);
    const by = modulus(expression);
    if (by != NONE && rangeMin(model, by) < 1) return VERDICT_BAD_EXPRESSION;
    let least = <f64> load<i32>(expression);
    let most = least;
    let magnitude = Math.abs(least);
    for (let j: u32 = 0, n = terms(expression); j < n; j++) {
      const factor = <f64> coefficient(expression, j);
      const symbol = symbols + <usize> termSymbol(expression, j) * SYMBOL_VALUE;
      const low = <f64> load<i32>(symbol, 4);
      const high = <f64> load<i32>(symbol, 8);
      least += factor * (factor < 0 ? high : low);
      most += factor * (factor < 0 ? low : high);
      magnitude += Math.abs(factor) * high;
    }
    if (by != NONE && least >= 0) {
      // Every value is a multiple of what divides all of its parts: 6·p mod 24 is at most 18.
      let step = commonDivisor(rangeMin(model, by), load<i32>(expression));
      for (let j: u32 = 0, n = terms(expression); j < n; j++) {
        step = commonDivisor(step, coefficient(expression, j));
      }
      least = 0;
      most = Math.min(most, <f64> (<i64> rangeMin(model, by) - step));
    }
    if (least < 0 || most > MAX_VALUE || magnitude > MAX_MAGNITUDE) return VERDICT_BAD_EXPRESSION;
    store<i32>(ranges + (<usize> i << 3), <i32> least);
    store<i32>(ranges + (<usize> i << 3), <i32> most, 4);
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
