// Matches the extents of operands with the shapes of a description, binding its variables. The
// bindings live in the model's workspace.
import { CONTEXT_BYTES } from "./context";
import { kindOf, OperandDescription } from "./description";
import { equals } from "./expression";
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
import { InstructionRecord, ViewRecord } from "./generated/records";
import { CODE_ATTRIBUTE, CODE_LEADING, CODE_NUMBER, KIND_BITS } from "./generated/tables";
import { Model } from "./model";
import { times } from "./saturating";

/** Behind the context block of the workspace. */
const BINDINGS: usize = (<usize> CONTEXT_BYTES + 63) & ~63;
const VARIABLES: usize = 32;

/** What the extents of an instruction are, as far as its operands have been matched. */
// @ts-ignore: decorator
@unmanaged
class Bindings {
  /** How many leading extents there are, 0 for not known, and where their expressions are. */
  leading: u32;
  leadingExtents: usize;
}

// @ts-ignore: decorator
@inline
function bindingsOf(model: Model): Bindings {
  return changetype<Bindings>(model.workspace + BINDINGS);
}

/** Address of the expression of a variable. */
// @ts-ignore: decorator
@inline
function variableAt(model: Model, variable: u32): usize {
  return model.workspace + BINDINGS + offsetof<Bindings>() + (<usize> variable << 2);
}

/** Forgets all variables. */
export function clearBindings(model: Model): void {
  bindingsOf(model).leading = 0;
  memory.fill(variableAt(model, 0), 0xFF, VARIABLES << 2);
}

/** Expression bound to a variable, or NONE. */
// @ts-ignore: decorator
@inline
export function bound(model: Model, variable: u32): u32 {
  return load<u32>(variableAt(model, variable));
}

// @ts-ignore: decorator
@inline
function bind(model: Model, variable: u32, extent: u32): void {
  store<u32>(variableAt(model, variable), extent);
}

/** Value of an expression without symbols, else −1. */
export function constantOf(model: Model, extent: u32): i32 {
  if (extent == NONE) return -1;
  return model.expression(extent).terms == 0 ? model.range(extent).max : -1;
}

/** Whether a view has the shape of an operand. */
export function matchShape(
  model: Model,
  instruction: InstructionRecord,
  operand: OperandDescription,
  index: u32,
): bool {
  const view = model.view(index);
  const rank = <i32> view.rank;
  const last = <i32> operand.dimensions - 1;
  let at: i32 = 0;
  for (let d: i32 = 0; d <= last; d++) {
    const token = operand.dimension(d);
    const kind = kindOf(token);
    // Only the first token may stand for several extents.
    const rest = rank - (last - d);
    if (kind == DIMENSION_LEADING) {
      if (rest < 1 || !matchLeading(model, view, rest)) return false;
      at = rest;
    } else if (kind == DIMENSION_SUFFIX) {
      if (!matchSuffix(model, view, rest)) return false;
      at = rest;
    } else {
      if (at >= rank || !matches(model, instruction, token, view.extent(at))) return false;
      at++;
    }
  }
  return at == rank;
}

function matchLeading(model: Model, view: ViewRecord, extents: u32): bool {
  const bindings = bindingsOf(model);
  if (bindings.leading == 0) {
    bindings.leading = extents;
    bindings.leadingExtents = changetype<usize>(view) + offsetof<ViewRecord>("extent0");
    return true;
  }
  return bindings.leading == extents && matchSuffix(model, view, extents);
}

function matchSuffix(model: Model, view: ViewRecord, extents: i32): bool {
  const bindings = bindingsOf(model);
  const skip = <i32> bindings.leading - extents;
  if (extents < 0 || skip < 0) return false;
  const from = bindings.leadingExtents + (<usize> skip << 2);
  for (let k: i32 = 0; k < extents; k++) {
    if (!equals(model, view.extent(k), load<u32>(from + (<usize> k << 2)))) return false;
  }
  return true;
}

function matches(model: Model, instruction: InstructionRecord, token: u32, extent: u32): bool {
  const kind = kindOf(token);
  const value = token >> KIND_BITS;
  if (kind == DIMENSION_ONE_OR && constantOf(model, extent) == 1) return true;
  if (kind == DIMENSION_VARIABLE || kind == DIMENSION_ONE_OR) {
    if (bound(model, value) == NONE) bind(model, value, extent);
    return equals(model, extent, bound(model, value));
  }
  if (kind == DIMENSION_CONSTANT) return constantOf(model, extent) == <i32> value;
  if (kind == DIMENSION_ATTRIBUTE) {
    return constantOf(model, extent) == model.attribute(instruction, value - CODE_ATTRIBUTE);
  }
  if (kind == DIMENSION_PLUS_ONE) {
    if (bound(model, value) != NONE) return equals(model, extent, bound(model, value), 1);
    return bindLater(model, instruction, extent, value);
  }
  if (kind == DIMENSION_SUM) {
    const first = constantOf(model, bound(model, value & 31));
    const other = constantOf(model, bound(model, value >> 5));
    return first >= 0 && other >= 0 && <i64> constantOf(model, extent) == <i64> first + other;
  }
  return false;
}

/** `B+1` before `B`: finds an expression that is one less among the other operands' extents. */
function bindLater(model: Model, instruction: InstructionRecord, extent: u32, variable: u32): bool {
  for (let j: u32 = 0, n = instruction.operands; j < n; j++) {
    const index = model.operandView(instruction, j);
    if (index == NONE) continue;
    const view = model.view(index);
    for (let k: u32 = 0, rank = view.rank; k < rank; k++) {
      if (equals(model, extent, view.extent(k), 1)) {
        bind(model, variable, view.extent(k));
        return true;
      }
    }
  }
  return false;
}

/** Product of numbers and of the largest values of the extents that tokens name. */
export function product(model: Model, tokens: usize, n: u32): u64 {
  let result: u64 = 1;
  for (let i: u32 = 0; i < n; i++) {
    const token: u32 = load<u8>(tokens + <usize> i);
    if (token >= CODE_NUMBER) {
      result = times(result, token - CODE_NUMBER);
      continue;
    }
    if (token != CODE_LEADING) {
      result = times(result, model.range(bound(model, token)).max);
      continue;
    }
    const bindings = bindingsOf(model);
    for (let k: u32 = 0, m = bindings.leading; k < m; k++) {
      const extent = load<u32>(bindings.leadingExtents + (<usize> k << 2));
      result = times(result, model.range(extent).max);
    }
  }
  return result;
}
