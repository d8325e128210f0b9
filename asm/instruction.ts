// Checks one instruction against its description in `generated/tables.ts` (see there for the words).
import {
  CHECK_BELOW,
  CHECK_DISTINCT,
  CHECK_NONE,
  CHECK_OFFSETS,
  CHECK_PAST,
  NONE,
  REGION_CONSTANT,
  REGION_INPUT,
  REGION_OUTPUT,
  VERDICT_ALIASING,
  VERDICT_BAD_ATTRIBUTE,
  VERDICT_BAD_OPCODE,
  VERDICT_BAD_OPERAND,
  VERDICT_BAD_RULE,
  VERDICT_BAD_SHAPE,
} from "./generated/format";
import { equals } from "./expression";
import {
  check,
  checkLimit,
  checkOffsets,
  count,
  INFO_LIMIT,
  instructionAttribute,
  instructionRecord,
  opcode,
  operandView,
  rangeMax,
  rangeMin,
  region,
  tensorDtype,
  tensorExtent,
  tensorInfo,
  tensorLayout,
  tensorRecord,
  viewExtent,
  viewOffset,
  viewRank,
  viewRecord,
  VIEWS,
  viewTensor,
} from "./model";
import { bound, clearBindings, constantOf, matchShape, product } from "./shape";
import {
  checkOf,
  extentRules,
  isOptional,
  limitOf,
  operandRecord,
  recordOf,
  roleOf,
} from "./description";

const IN: u32 = 0;

/** Checks instruction `i` and stores its work, a float64, at `work`. */
export function verifyInstruction(model: usize, i: u32, work: usize): i32 {
  const instruction = instructionRecord(model, i);
  const record = recordOf(opcode(instruction));
  if (
    record == 0 || load<u32>(instruction, 8) != load<u8>(record) ||
    load<u32>(instruction, 16) != load<u8>(record, 1)
  ) return VERDICT_BAD_OPCODE;
  const operands: u32 = load<u8>(record);
  for (let j: u32 = 0, n: u32 = load<u8>(record, 1); j < n; j++) {
    const value = instructionAttribute(model, instruction, j);
    const range = record + 12 + (<usize> j << 3);
    if (value < load<i32>(range) || value > load<i32>(range, 4)) return VERDICT_BAD_ATTRIBUTE;
  }
  let at = operandRecord(record, 0);
  for (let j: u32 = 0; j < operands; j++, at = nextOperand(at)) {
    if (!isOperand(model, instruction, at, j)) return VERDICT_BAD_OPERAND;
  }
  if (hasAliasing(model, instruction, record)) return VERDICT_ALIASING;
  // `at` stands behind the operands: operands of one type, then presence rules.
  if (!checkRules(model, instruction, record, at)) return VERDICT_BAD_RULE;
  clearBindings(model);
  let operand = operandRecord(record, 0);
  for (let j: u32 = 0; j < operands; j++, operand = nextOperand(operand)) {
    const view = operandView(model, instruction, j);
    if (view != NONE && !matchShape(model, instruction, operand, view)) return VERDICT_BAD_SHAPE;
  }
  const rules = extentRules(record, at);
  const tokens = checkExtentRules(model, instruction, rules, load<u8>(record, 3));
  if (tokens == 0) return VERDICT_BAD_SHAPE;
  operand = operandRecord(record, 0);
  for (let j: u32 = 0; j < operands; j++, operand = nextOperand(operand)) {
    if (!checkValues(model, instruction, record, operand, j)) return VERDICT_BAD_OPERAND;
  }
  // Loops go over the elements of operands too, also where they multiply nothing.
  let sum = product(model, tokens, load<u8>(record, 6));
  for (let j: u32 = 0; j < operands; j++) {
    const view = operandView(model, instruction, j);
    if (view != NONE) sum += elementsOf(model, viewRecord(model, view));
  }
  store<f64>(work, sum);
  return 0;
}

/** Elements of a view at its largest extents. */
function elementsOf(model: usize, view: usize): f64 {
  let result: f64 = 1;
  for (let k: u32 = 0, n = viewRank(view); k < n; k++) {
    result *= <f64> rangeMax(model, viewExtent(view, k));
  }
  return result;
}

// @ts-ignore: decorator

function nextOperand(operand: usize): usize {
  return operand + 8 + (<usize> load<u8>(operand, 5) << 2);
}

function isOperand(model: usize, instruction: usize, operand: usize, j: u32): bool {
  const view = operandView(model, instruction, j);
  if (view == NONE && isOptional(operand)) return true;
  if (view >= count(model, VIEWS)) return false;
  const tensor = tensorRecord(model, viewTensor(viewRecord(model, view)));
  if (!((<u32> load<u16>(operand, 2) >> tensorDtype(tensor)) & 1)) return false;
  if (!((<u32> load<u8>(operand, 1) >> tensorLayout(tensor)) & 1)) return false;
  const where = region(tensor);
  return roleOf(operand) == IN
    ? where != REGION_OUTPUT
    : where != REGION_CONSTANT && where != REGION_INPUT;
}

function hasAliasing(model: usize, instruction: usize, record: usize): bool {
  const operands: u32 = load<u8>(record);
  let operand = operandRecord(record, 0);
  for (let j: u32 = 0; j < operands; j++, operand = nextOperand(operand)) {
    const view = operandView(model, instruction, j);
    if (roleOf(operand) == IN || view == NONE) continue;
    const tensor = viewTensor(viewRecord(model, view));
    for (let k: u32 = 0; k < operands; k++) {
      const other = operandView(model, instruction, k);
      if (k != j && other != NONE && viewTensor(viewRecord(model, other)) == tensor) return true;
    }
  }
  return false;
}

// @ts-ignore: decorator

function dtypeOf(model: usize, view: u32): u32 {
  return tensorDtype(tensorRecord(model, viewTensor(viewRecord(model, view))));
}

function checkRules(model: usize, instruction: usize, record: usize, sameDtype: usize): bool {
  const same: u32 = load<u8>(record, 5);
  let rule = sameDtype + (<usize> same << 2);
  for (let i: u32 = 0, n: u32 = load<u8>(record, 2); i < n; i++, rule += 4) {
    const code = load<u32>(rule);
    const present = operandView(model, instruction, code & 15) != NONE;
    if (present != <bool> ((code >> 8) & 1)) continue;
    const only = (code >> 11) & 31;
    if (only != 0 && dtypeOf(model, operandView(model, instruction, code & 15)) + 1 != only) {
      continue;
    }
    const then = operandView(model, instruction, (code >> 4) & 15);
    const given = then != NONE;
    const is = (code >> 9) & 3;
    if (is == 1 && !given) return false;
    if (is == 2 && given) return false;
    if (is == 0 && given && !((code >> 16 >> dtypeOf(model, then)) & 1)) return false;
  }
  let first: u32 = NONE;
  for (let i: u32 = 0; i < same; i++) {
    const view = operandView(model, instruction, load<u32>(sameDtype + (<usize> i << 2)));
    if (view == NONE) continue;
    const dtype = dtypeOf(model, view);
    if (first == NONE) first = dtype;
    else if (dtype != first) return false;
  }
  return true;
}

/** Returns the address behind the rules, 0 where one does not hold. */
function checkExtentRules(model: usize, instruction: usize, rules: usize, n: u32): usize {
  let at = rules;
  for (let i: u32 = 0; i < n; i++) {
    const left: u32 = load<u8>(at, 1);
    const right: u32 = load<u8>(at, 2);
    const a = side(model, instruction, at + 4, left);
    const b = side(model, instruction, at + 4 + (<usize> left << 2), right);
    // NaN, where an extent is not constant, satisfies neither.
    if (load<u8>(at) == 0 ? a != b : !(b % a == 0)) return 0;
    at += 4 + (<usize> (left + right) << 2);
  }
  return at;
}

function side(model: usize, instruction: usize, tokens: usize, n: u32): f64 {
  let result: f64 = 1;
  for (let i: u32 = 0; i < n; i++) {
    const token = load<u32>(tokens + (<usize> i << 2));
    const value = token >= 256
      ? instructionAttribute(model, instruction, token - 256)
      : constantOf(model, bound(model, token));
    result = value < 0 ? NaN : result * <f64> value;
  }
  return result;
}

/** Operands whose values are indices are checked inputs or constants. */
function checkValues(
  model: usize,
  instruction: usize,
  record: usize,
  operand: usize,
  j: u32,
): bool {
  const kind = checkOf(operand);
  const index = operandView(model, instruction, j);
  if (kind == CHECK_NONE || index == NONE) return true;
  const view = viewRecord(model, index);
  const tensor = tensorRecord(model, viewTensor(view));
  const variable = limitOf(operand);
  const limit: u32 = variable == 0xFF ? NONE : bound(model, variable);
  if (region(tensor) == REGION_CONSTANT && kind == CHECK_BELOW) {
    const info = tensorInfo(model, viewTensor(view));
    store<u32>(info, min(<u32> rangeMin(model, limit), load<u32>(info, INFO_LIMIT)), INFO_LIMIT);
    return true;
  }
  const whole = rangeMax(model, viewOffset(view)) == 0 && viewRank(view) == 1 &&
    equals(model, viewExtent(view, 0), tensorExtent(tensor, 0));
  const checked = check(tensor) == kind ||
    (kind == CHECK_BELOW && check(tensor) == CHECK_DISTINCT);
  if (!whole || !checked) return false;
  if (limit != NONE && !equals(model, checkLimit(tensor), limit)) return false;
  return kind != CHECK_PAST || checkOffsets(tensor) == offsetsOf(model, instruction, record);
}

/** Tensor of the operand that holds the bounds of the sequences, to which `past` is added. */
function offsetsOf(model: usize, instruction: usize, record: usize): u32 {
  let operand = operandRecord(record, 0);
  for (let j: u32 = 0, n: u32 = load<u8>(record); j < n; j++, operand = nextOperand(operand)) {
    if (checkOf(operand) == CHECK_OFFSETS) {
      return viewTensor(viewRecord(model, operandView(model, instruction, j)));
    }
  }
  return NONE;
}
