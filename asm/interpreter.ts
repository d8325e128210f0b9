// Runs the instructions of an entry. Everything a run needs is in the context block.
import {
  CONTEXT_ENTRY,
  CONTEXT_NEXT,
  CONTEXT_SYMBOLS,
  CONTEXT_VALUES,
  modelOf,
  regionAddress,
} from "./context";
import {
  dimension,
  dimensionCount,
  granularityOf,
  operandRecord,
  recordOf,
  splitOf,
} from "./description";
import { evaluateAll } from "./expression";
import { execute, scratchBytes } from "./generated/dispatch";
import {
  DIMENSION_LEADING,
  DIMENSION_SUFFIX,
  DIMENSION_VARIABLE,
  NONE,
  VERDICT_BAD_ARGUMENT,
  VERDICT_TOO_MUCH_MEMORY,
} from "./generated/format";
import { canonicalizeOutputs } from "./canonical_nan";
import { freshTable, measureFresh, setFresh, wake } from "./fresh";
import { checkInputs } from "./inputs";
import { elementBytesOf } from "./layout";
import {
  count,
  ENTRIES,
  entryRecord,
  INFO_OFFSET,
  instructionAttribute,
  instructionRecord,
  INSTRUCTIONS,
  opcode,
  operandView,
  RANGES,
  region,
  SCRATCH_BYTES,
  SYMBOLS,
  symbolValue,
  tensorDtype,
  tensorInfo,
  tensorLayout,
  tensorRecord,
  viewExtent,
  viewOffset,
  viewRank,
  viewRecord,
  viewRowStride,
  viewTensor,
  word,
  WORKSPACE,
} from "./model";
import { CONTEXT_ATTRIBUTES, Instruction, Operand, OPERAND_BYTES } from "./generated/operand";

const NO_SPLIT: u32 = 255;
const SPLIT_LEADING: u32 = 254;

/** Sets the scratch memory of a model to the most that an instruction asks for. */
export function planScratch(model: usize): i32 {
  const workspace = <usize> word(model, WORKSPACE);
  const largest = <usize> word(model, RANGES) + 4;
  let most = word(model, SCRATCH_BYTES);
  for (let i: u32 = 0, n = count(model, INSTRUCTIONS); i < n; i++) {
    const instruction = instructionRecord(model, i);
    const code = opcode(instruction);
    const operands = load<u32>(instruction, 8);
    resolve(model, workspace, instruction, largest, 3, true);
    const moderate = isModerate(workspace, operands);
    if (moderate) most = max(most, <u32> scratchBytes(code, workspace));
    else {
      // An instruction that needs no scratch memory may be of any size.
      setOnes(workspace, operands);
      if (scratchBytes(code, workspace) > 0) return VERDICT_TOO_MUCH_MEMORY;
    }
  }
  store<u32>(model, most, SCRATCH_BYTES);
  return 0;
}

/**
 * Whether no `scratch_…` can overflow: they ask for at most 80 bytes a column, and 8 bytes for each
 * element of a plane of the last two extents padded to multiples of 8.
 */
function isModerate(context: usize, operands: u32): bool {
  for (let j: u32 = 0; j < operands; j++) {
    const target = changetype<Instruction>(context).operand(j);
    if (target.address == 0) continue;
    const width = <u64> target.columns;
    if (width > 1 << 24) return false;
    if (target.rank < 3) continue;
    const height = <u64> target.extent(target.rank - 2);
    if (height > 1 << 24 || ((width + 7) & ~7) * ((height + 7) & ~7) > 1 << 27) return false;
  }
  return true;
}

/** Sets all extents to 1. */
function setOnes(context: usize, operands: u32): void {
  for (let j: u32 = 0; j < operands; j++) {
    const target = changetype<Instruction>(context).operand(j);
    target.extent0 =
      target.extent1 =
      target.extent2 =
      target.extent3 =
        1;
    target.rows = target.columns = 1;
  }
}

/** Begins an entry: evaluates the expressions and checks the inputs. */
export function beginEntry(context: usize, entry: u32): i32 {
  const model = modelOf(context);
  store<i32>(context, -1, CONTEXT_ENTRY);
  if (entry >= count(model, ENTRIES)) return VERDICT_BAD_ARGUMENT;
  for (let i: u32 = 0, n = count(model, SYMBOLS); i < n; i++) {
    const value = load<i32>(context + (<usize> i << 2), CONTEXT_SYMBOLS);
    const symbol = symbolValue(model, i);
    if (value < load<i32>(symbol, 4) || value > load<i32>(symbol, 8)) return VERDICT_BAD_ARGUMENT;
  }
  if (evaluateAll(model, context + CONTEXT_SYMBOLS, context + CONTEXT_VALUES)) {
    measureFresh(model, context);
  }
  const status = checkInputs(model, context, entry);
  if (status != 0) return status;
  setFresh(model, context);
  store<i32>(context, <i32> entry, CONTEXT_ENTRY);
  store<u32>(context, 0, CONTEXT_NEXT);
  return 0;
}

/** Whether an entry has begun, and this is it. */
function isCurrent(model: usize, context: usize, entry: u32): bool {
  return entry < count(model, ENTRIES) && <i32> entry == load<i32>(context, CONTEXT_ENTRY);
}

/**
 * Runs up to `n` instructions from `first` on, counted in the entry; returns the next one. What comes
 * before `first` must have run.
 */
export function runSlice(context: usize, entry: u32, first: u32, n: u32): i32 {
  const model = modelOf(context);
  if (!isCurrent(model, context, entry)) return -VERDICT_BAD_ARGUMENT;
  const record = entryRecord(model, entry);
  const total = load<u32>(record, 12);
  const next = load<u32>(context, CONTEXT_NEXT);
  if (first > next) return -VERDICT_BAD_ARGUMENT;
  const end = first + min(n, total - first);
  for (let i = first; i < end; i++) {
    const instruction = instructionRecord(model, load<u32>(record, 8) + i);
    resolve(model, context, instruction, context + CONTEXT_VALUES, 2, false);
    execute(opcode(instruction), context);
  }
  store<u32>(context, max(next, end), CONTEXT_NEXT);
  if (end == total) canonicalizeOutputs(model, context, entry);
  return <i32> end;
}

/** Runs a part of one instruction; the parts may run in any order, each once. */
export function runPart(context: usize, entry: u32, index: u32, part: u32, parts: u32): i32 {
  const model = modelOf(context);
  if (!isCurrent(model, context, entry)) return VERDICT_BAD_ARGUMENT;
  const record = entryRecord(model, entry);
  const total = load<u32>(record, 12);
  const next = load<u32>(context, CONTEXT_NEXT);
  if (index >= total || index > next || part >= parts) return VERDICT_BAD_ARGUMENT;
  const instruction = instructionRecord(model, load<u32>(record, 8) + index);
  resolve(model, context, instruction, context + CONTEXT_VALUES, 2, false);
  if (narrow(context, recordOf(opcode(instruction)), part, parts)) {
    execute(opcode(instruction), context);
  }
  store<u32>(context, max(next, index + 1), CONTEXT_NEXT);
  if (index + 1 == total) canonicalizeOutputs(model, context, entry);
  return 0;
}

/**
 * Writes the operands and attributes of an instruction into a context block. Values of expressions
 * are i32 at `values + (index << shift)`. While planning there are no addresses: 64 means present.
 */
function resolve(
  model: usize,
  context: usize,
  instruction: usize,
  values: usize,
  shift: u32,
  planning: bool,
): void {
  for (let j: u32 = 0, n = load<u32>(instruction, 8); j < n; j++) {
    const to = changetype<Instruction>(context).operand(j);
    const index = operandView(model, instruction, j);
    if (index == NONE) {
      memory.fill(changetype<usize>(to), 0, OPERAND_BYTES);
      continue;
    }
    const view = viewRecord(model, index);
    const tensor = tensorRecord(model, viewTensor(view));
    const dtype = tensorDtype(tensor);
    const size = elementBytesOf(dtype);
    const dimensions = viewRank(view);
    let rows: u32 = 1;
    let last: u32 = 1;
    for (let axis: u32 = 0; axis < 4; axis++) {
      const value = axis < dimensions ? valueAt(values, shift, viewExtent(view, axis)) : 1;
      to.setExtent(axis, value);
      if (axis + 1 < dimensions) rows *= value;
      if (axis + 1 == dimensions) last = value;
    }
    let at: usize = 64;
    if (!planning) {
      const fresh = load<u32>(freshTable(model, context) + (<usize> viewTensor(view) << 2));
      if (fresh > 0) wake(model, context, instruction, j, view, fresh);
      at = regionAddress(context, region(tensor)) +
        <usize> load<u64>(tensorInfo(model, viewTensor(view)), INFO_OFFSET) +
        <usize> valueAt(values, shift, viewOffset(view)) * size;
    }
    to.address = at;
    to.dtype = dtype;
    to.rank = dimensions;
    to.rows = rows;
    to.columns = last;
    to.stride = valueAt(values, shift, viewRowStride(view)) * size;
    to.layout = tensorLayout(tensor);
    to.elementBytes = size;
  }
  for (let j: u32 = 0, n = load<u32>(instruction, 16); j < n; j++) {
    const value = instructionAttribute(model, instruction, j);
    store<i32>(context + (<usize> j << 2), value, CONTEXT_ATTRIBUTES);
  }
}

// @ts-ignore: decorator

function valueAt(values: usize, shift: u32, expression: u32): u32 {
  return load<u32>(values + (<usize> expression << shift));
}

/** Narrows the operands to a part along the split extent; returns whether there is anything to do. */
function narrow(context: usize, record: usize, part: u32, parts: u32): bool {
  const split = splitOf(record);
  if (split == NO_SPLIT) return part == 0;
  const operands: u32 = load<u8>(record);
  const total = firstExtent(context, record, split);
  const granularity = granularityOf(record);
  const unit = granularity == NO_SPLIT ? 1 : firstExtent(context, record, granularity);
  const units = (<u64> total + unit - 1) / unit;
  const from = <u32> (units * part / parts * unit);
  const to = <u32> min(<u64> total, units * (part + 1) / parts * unit);
  if (from >= to) return false;
  let leading: i32 = -1;
  let description = operandRecord(record, 0);
  for (let j: u32 = 0; j < operands; j++) {
    const first = dimension(description, 0);
    const kind = first & 255;
    const trailing = <i32> dimensionCount(description) - 1;
    description += 8 + (<usize> load<u8>(description, 5) << 2);
    const target = changetype<Instruction>(context).operand(j);
    if (target.address == 0) continue;
    let splits = false;
    if (split != SPLIT_LEADING) splits = kind == DIMENSION_VARIABLE && first >> 16 == split;
    else if (kind == DIMENSION_LEADING) {
      leading = target.rank - trailing;
      splits = true;
    } else if (kind == DIMENSION_SUFFIX) splits = target.rank - trailing == leading;
    if (splits) narrowOperand(target, from, to);
  }
  return true;
}

/** Value of the extent that a split names; 1 where no present operand begins with it. */
function firstExtent(context: usize, record: usize, variable: u32): u32 {
  let description = operandRecord(record, 0);
  for (let j: u32 = 0, n: u32 = load<u8>(record); j < n; j++) {
    const first = dimension(description, 0);
    description += 8 + (<usize> load<u8>(description, 5) << 2);
    const kind = first & 255;
    const target = changetype<Instruction>(context).operand(j);
    if (target.address == 0) continue;
    if (variable == SPLIT_LEADING ? kind == DIMENSION_LEADING : kind == DIMENSION_VARIABLE) {
      if (variable == SPLIT_LEADING || first >> 16 == variable) return target.extent0;
    }
  }
  return 1;
}

function narrowOperand(target: Operand, from: u32, to: u32): void {
  const whole = <u32> target.extent0;
  const length = to - from;
  let step: usize;
  if (target.rank == 1) {
    step = target.elementBytes;
    target.columns = length;
  } else {
    const inner = <u32> target.rows / whole;
    step = <usize> inner * target.stride;
    target.rows = inner * length;
  }
  target.address += <usize> from * step;
  target.extent0 = length;
}
