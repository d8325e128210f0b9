// Matches the extents of operands with the shapes of a description, binding its variables. The
// bindings live in the model's workspace.
import { equals } from "./expression";
import { dimension, dimensionCount } from "./description";
import {
  DIMENSION_ATTRIBUTE,
  DIMENSION_CONSTANT,
  DIMENSION_LEADING,
  DIMENSION_ONE_OR,
  DIMENSION_PLUS_ONE,
  DIMENSION_SUFFIX,
  DIMENSION_SUM,
  DIMENSION_VARIABLE,
  NONE,
} from "./generated/format";
import {
  expressionRecord,
  instructionAttribute,
  operandView,
  rangeMax,
  terms,
  viewExtent,
  viewRank,
  viewRecord,
  word,
  WORKSPACE,
} from "./model";

// Words of the workspace from here: count and address of the leading extents, then 32 variables.
const BINDINGS: usize = 1536;
const LEADING_TOKEN: u32 = 254;
/** The number 0. */
const NUMBER_TOKEN: u32 = 512;

// @ts-ignore: decorator
@inline
function bindings(model: usize): usize {
  return <usize> word(model, WORKSPACE) + BINDINGS;
}

/** Forgets all variables. */
export function clearBindings(model: usize): void {
  const at = bindings(model);
  store<u64>(at, 0);
  memory.fill(at + 8, 0xFF, 32 * 4);
}

/** Expression bound to a variable, or NONE. */
// @ts-ignore: decorator
@inline
export function bound(model: usize, variable: u32): u32 {
  return load<u32>(bindings(model) + (<usize> variable << 2), 8);
}

// @ts-ignore: decorator
@inline
function bind(model: usize, variable: u32, extent: u32): void {
  store<u32>(bindings(model) + (<usize> variable << 2), extent, 8);
}

/** Value of an expression without symbols, else −1. */
export function constantOf(model: usize, extent: u32): i32 {
  if (extent == NONE) return -1;
  return terms(expressionRecord(model, extent)) == 0 ? rangeMax(model, extent) : -1;
}

/** Whether a view has the shape of an operand. */
export function matchShape(model: usize, instruction: usize, operand: usize, index: u32): bool {
  const view = viewRecord(model, index);
  const rank = <i32> viewRank(view);
  const last = <i32> dimensionCount(operand) - 1;
  let at: i32 = 0;
  for (let d: i32 = 0; d <= last; d++) {
    const token = dimension(operand, d);
    const kind = token & 255;
    // Only the first token may stand for several extents.
    const rest = rank - (last - d);
    if (kind == DIMENSION_LEADING) {
      if (rest < 1 || !matchLeading(model, view, rest)) return false;
      at = rest;
    } else if (kind == DIMENSION_SUFFIX) {
      if (!matchSuffix(model, view, rest)) return false;
      at = rest;
    } else {
      if (at >= rank || !matches(model, instruction, token, viewExtent(view, at))) return false;
      at++;
    }
  }
  return at == rank;
}

function matchLeading(model: usize, view: usize, extents: u32): bool {
  const leading = bindings(model);
  if (load<u32>(leading) == 0) {
    store<u32>(leading, extents);
    store<u32>(leading, <u32> view + 12, 4);
    return true;
  }
  return load<u32>(leading) == extents && matchSuffix(model, view, extents);
}

function matchSuffix(model: usize, view: usize, extents: i32): bool {
  const leading = bindings(model);
  const skip = load<i32>(leading) - extents;
  if (extents < 0 || skip < 0) return false;
  const from = <usize> load<u32>(leading, 4) + (<usize> skip << 2);
  for (let k: i32 = 0; k < extents; k++) {
    if (!equals(model, viewExtent(view, k), load<u32>(from + (<usize> k << 2)))) return false;
  }
  return true;
}

function matches(model: usize, instruction: usize, token: u32, extent: u32): bool {
  const kind = token & 255;
  const value = token >> 16;
  if (kind == DIMENSION_ONE_OR && constantOf(model, extent) == 1) return true;
  if (kind == DIMENSION_VARIABLE || kind == DIMENSION_ONE_OR) {
    if (bound(model, value) == NONE) bind(model, value, extent);
    return equals(model, extent, bound(model, value));
  }
  if (kind == DIMENSION_CONSTANT) return constantOf(model, extent) == <i32> value;
  if (kind == DIMENSION_ATTRIBUTE) {
    return constantOf(model, extent) == instructionAttribute(model, instruction, value);
  }
  if (kind == DIMENSION_PLUS_ONE) {
    if (bound(model, value) != NONE) return equals(model, extent, bound(model, value), 1);
    return bindLater(model, instruction, extent, value);
  }
  if (kind == DIMENSION_SUM) {
    const first = constantOf(model, bound(model, value));
    const other = constantOf(model, bound(model, (token >> 8) & 255));
    return first >= 0 && other >= 0 && <i64> constantOf(model, extent) == <i64> first + other;
  }
  return false;
}

/** `B+1` before `B`: finds an expression that is one less among the other operands' extents. */
function bindLater(model: usize, instruction: usize, extent: u32, variable: u32): bool {
  for (let j: u32 = 0, n = load<u32>(instruction, 8); j < n; j++) {
    const index = operandView(model, instruction, j);
    if (index == NONE) continue;
    const view = viewRecord(model, index);
    for (let k: u32 = 0, rank = viewRank(view); k < rank; k++) {
      if (equals(model, extent, viewExtent(view, k), 1)) {
        bind(model, variable, viewExtent(view, k));
        return true;
      }
    }
  }
  return false;
}

/** Product of numbers and of the largest values of the extents that tokens name. */
export function product(model: usize, tokens: usize, n: u32): f64 {
  let result: f64 = 1;
  for (let i: u32 = 0; i < n; i++) {
    const token = load<u32>(tokens + (<usize> i << 2));
    if (token >= NUMBER_TOKEN) {
      result *= <f64> (token - NUMBER_TOKEN);
      continue;
    }
    if (token != LEADING_TOKEN) {
      result *= <f64> rangeMax(model, bound(model, token));
      continue;
    }
    const leading = bindings(model);
    for (let k: u32 = 0, m = load<u32>(leading); k < m; k++) {
      result *= <f64> rangeMax(model, load<u32>(<usize> load<u32>(leading, 4) + (<usize> k << 2)));
    }
  }
  return result;
}
