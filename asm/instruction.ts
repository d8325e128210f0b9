// Checks one instruction against its description in `generated/tables.ts` (see there for the words).
import { Description, descriptionOf, OperandDescription, operandOf } from "./description";
import { equals } from "./expression";
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
import { HOLDS_HALVES, mayLeaveOut } from "./generated/held";
import { InstructionRecord, ViewRecord } from "./generated/records";
import { CODE_ATTRIBUTE, CODE_NONE, ROLE_IN } from "./generated/tables";
import { computedDtype, storedDtypes } from "./mixed";
import { Model } from "./model";
import {
  allowsDtype,
  isOfPresent,
  NEED_ABSENT,
  NEED_DTYPE,
  NEED_PRESENT,
  needOfRule,
  onlyOfRule,
  operandOfRule,
  thenOfRule,
} from "./presence_rule";
import { plus, times } from "./saturating";
import { bound, clearBindings, constantOf, matchShape, product } from "./shape";

/** Attributes, of those that may be, that it leaves out. */
// @ts-ignore: decorator
@inline
function leftOut(instruction: InstructionRecord, description: Description): u32 {
  if (!HOLDS_HALVES) return 0;
  return mayLeaveOut(instruction.opcode) && instruction.attributes < description.attributes ? 1 : 0;
}

/** Checks instruction `i` and stores its work. */
export function verifyInstruction(model: Model, i: u32): i32 {
  const instruction = model.instruction(i);
  const description = descriptionOf(instruction.opcode);
  if (
    !changetype<usize>(description) || instruction.operands != description.operands ||
    instruction.attributes + leftOut(instruction, description) != description.attributes
  ) return VERDICT_BAD_OPCODE;
  const operands: u32 = description.operands;
  for (let j: u32 = 0, n: u32 = description.attributes; j < n; j++) {
    if (HOLDS_HALVES && j == instruction.attributes) break;
    const value = model.attribute(instruction, j);
    const range = description.attribute(j);
    if (value < <i32> range.min || value > <i32> range.max) return VERDICT_BAD_ATTRIBUTE;
  }
  let at = description.firstOperand;
  for (let j: u32 = 0; j < operands; j++, at = at.next) {
    if (!isOperand(model, instruction, at, j)) return VERDICT_BAD_OPERAND;
  }
  if (hasAliasing(model, instruction, description)) return VERDICT_ALIASING;
  const presence = description.rulesBehind(at);
  if (!checkPresence(model, instruction, presence, description.presenceRules)) {
    return VERDICT_BAD_RULE;
  }
  const sameDtype = presence + (<usize> description.presenceRules << 2);
  if (!checkSameDtype(model, instruction, sameDtype, description.sameDtype)) {
    return VERDICT_BAD_RULE;
  }
  clearBindings(model);
  let operand = description.firstOperand;
  for (let j: u32 = 0; j < operands; j++, operand = operand.next) {
    const view = model.operandView(instruction, j);
    if (view != NONE && !matchShape(model, instruction, operand, view)) return VERDICT_BAD_SHAPE;
  }
  const rules = sameDtype + description.sameDtype;
  const tokens = checkExtentRules(model, instruction, rules, description.extentRules);
  if (tokens == 0) return VERDICT_BAD_SHAPE;
  operand = description.firstOperand;
  for (let j: u32 = 0; j < operands; j++, operand = operand.next) {
    if (!checkValues(model, instruction, description, operand, j)) return VERDICT_BAD_OPERAND;
  }
  // Loops go over the elements of operands too, also where they multiply nothing.
  let sum = product(model, tokens, description.workTokens);
  for (let j: u32 = 0; j < operands; j++) {
    const view = model.operandView(instruction, j);
    if (view != NONE) sum = plus(sum, elementsOf(model, model.view(view)));
  }
  model.setWork(i, sum);
  return 0;
}

/** Elements of a view at its largest extents. */
function elementsOf(model: Model, view: ViewRecord): u64 {
  let result: u64 = 1;
  for (let k: u32 = 0, n = view.rank; k < n; k++) {
    result = times(result, model.range(view.extent(k)).max);
  }
  return result;
}

function isOperand(
  model: Model,
  instruction: InstructionRecord,
  operand: OperandDescription,
  j: u32,
): bool {
  const view = model.operandView(instruction, j);
  if (view == NONE && operand.isOptional) return true;
  if (view >= model.viewsCount) return false;
  const tensor = model.tensor(model.view(view).tensor);
  if (!((storedDtypes(model, operand.dtypes) >> tensor.dtype) & 1)) return false;
  if (!((<u32> operand.layouts >> tensor.layout) & 1)) return false;
  const where = tensor.region;
  return operand.role == ROLE_IN
    ? where != REGION_OUTPUT
    : where != REGION_CONSTANT && where != REGION_INPUT;
}

function hasAliasing(model: Model, instruction: InstructionRecord, description: Description): bool {
  const operands: u32 = description.operands;
  let operand = description.firstOperand;
  for (let j: u32 = 0; j < operands; j++, operand = operand.next) {
    const view = model.operandView(instruction, j);
    if (operand.role == ROLE_IN || view == NONE) continue;
    const tensor = model.view(view).tensor;
    for (let k: u32 = 0; k < operands; k++) {
      const other = model.operandView(instruction, k);
      if (k != j && other != NONE && model.view(other).tensor == tensor) return true;
    }
  }
  return false;
}

function dtypeOf(model: Model, view: u32): u32 {
  return model.tensor(model.view(view).tensor).dtype;
}

/** The type of operand `j` as its kernel has it. */
// @ts-ignore: decorator
@inline
function typeOf(model: Model, instruction: InstructionRecord, j: u32, view: u32): u32 {
  if (!HOLDS_HALVES) return dtypeOf(model, view);
  return computedDtype(
    operandOf(descriptionOf(instruction.opcode), j).dtypes,
    dtypeOf(model, view),
  );
}

function checkPresence(model: Model, instruction: InstructionRecord, rules: usize, n: u32): bool {
  for (let i: u32 = 0; i < n; i++) {
    const rule = load<u32>(rules + (<usize> i << 2));
    const view = model.operandView(instruction, operandOfRule(rule));
    if ((view != NONE) != isOfPresent(rule)) continue;
    const only = onlyOfRule(rule);
    if (only != 0 && typeOf(model, instruction, operandOfRule(rule), view) + 1 != only) continue;
    const then = model.operandView(instruction, thenOfRule(rule));
    const given = then != NONE;
    const need = needOfRule(rule);
    if (need == NEED_PRESENT && !given) return false;
    if (need == NEED_ABSENT && given) return false;
    if (
      need == NEED_DTYPE && given &&
      !allowsDtype(rule, typeOf(model, instruction, thenOfRule(rule), then))
    ) return false;
  }
  return true;
}

function checkSameDtype(
  model: Model,
  instruction: InstructionRecord,
  indices: usize,
  n: u32,
): bool {
  let first: u32 = NONE;
  for (let i: u32 = 0; i < n; i++) {
    const index: u32 = load<u8>(indices + <usize> i);
    const view = model.operandView(instruction, index);
    if (view == NONE) continue;
    const dtype = typeOf(model, instruction, index, view);
    if (first == NONE) first = dtype;
    else if (dtype != first) return false;
  }
  return true;
}

/** Returns the address behind the rules, 0 where one does not hold. */
function checkExtentRules(
  model: Model,
  instruction: InstructionRecord,
  rules: usize,
  n: u32,
): usize {
  let at = rules;
  for (let i: u32 = 0; i < n; i++) {
    const left: u32 = load<u8>(at, 1);
    const right: u32 = load<u8>(at, 2);
    const a = side(model, instruction, at + 3, left);
    const b = side(model, instruction, at + 3 + <usize> left, right);
    // An extent that is not constant satisfies neither.
    if (a <= 0 || b < 0 || (load<u8>(at) == 0 ? a != b : b % a != 0)) return 0;
    at += 3 + <usize> (left + right);
  }
  return at;
}

/** Product of what tokens name; −1 where an extent is not constant. */
function side(model: Model, instruction: InstructionRecord, tokens: usize, n: u32): i64 {
  let result: u64 = 1;
  for (let i: u32 = 0; i < n; i++) {
    const token: u32 = load<u8>(tokens + <usize> i);
    const value = token >= CODE_ATTRIBUTE
      ? model.attribute(instruction, token - CODE_ATTRIBUTE)
      : constantOf(model, bound(model, token));
    if (value < 0) return -1;
    result = times(result, value);
  }
  return <i64> result;
}

/** Operands whose values are indices are checked inputs or constants. */
function checkValues(
  model: Model,
  instruction: InstructionRecord,
  description: Description,
  operand: OperandDescription,
  j: u32,
): bool {
  const kind = operand.check;
  const index = model.operandView(instruction, j);
  if (kind == CHECK_NONE || index == NONE) return true;
  const view = model.view(index);
  const tensor = model.tensor(view.tensor);
  const variable = operand.limit;
  const limit: u32 = variable == CODE_NONE ? NONE : bound(model, variable);
  if (tensor.region == REGION_CONSTANT && kind == CHECK_BELOW) {
    const info = model.info(view.tensor);
    info.limit = min(<u32> model.range(limit).min, info.limit);
    return true;
  }
  const whole = model.range(view.offset).max == 0 && view.rank == 1 &&
    equals(model, view.extent(0), tensor.extent(0));
  const checked = tensor.check == kind ||
    (kind == CHECK_BELOW && tensor.check == CHECK_DISTINCT);
  if (!whole || !checked) return false;
  if (limit != NONE && !equals(model, tensor.limit, limit)) return false;
  return kind != CHECK_PAST || tensor.offsets == offsetsOf(model, instruction, description);
}

/** Tensor of the operand that holds the bounds of the sequences, to which `past` is added. */
function offsetsOf(model: Model, instruction: InstructionRecord, description: Description): u32 {
  let operand = description.firstOperand;
  for (let j: u32 = 0, n: u32 = description.operands; j < n; j++, operand = operand.next) {
    if (operand.check == CHECK_OFFSETS) {
      return model.view(model.operandView(instruction, j)).tensor;
    }
  }
  return NONE;
}
