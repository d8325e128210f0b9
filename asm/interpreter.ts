// Runs the instructions of an entry. Everything a run needs is in the context block.
import { canonicalizeOutputs } from "./canonical_nan";
import { Context } from "./context";
import { descriptionOf } from "./description";
import { evaluateAll } from "./expression";
import { measureFresh, setFresh } from "./fresh";
import { execute, scratchBytes } from "./generated/dispatch";
import { VERDICT_BAD_ARGUMENT, VERDICT_TOO_MUCH_MEMORY } from "./generated/format";
import { HOLDS_HALVES } from "./generated/held";
import { InstructionRecord } from "./generated/records";
import { checkInputs } from "./inputs";
import { executeMixed, isMixed, planMixed } from "./mixed";
import { Model } from "./model";
import { blocksOf, cut, wayOf } from "./parts";
import { resolve } from "./operands";
import { Range } from "./tables";

/** Sets the scratch memory of a model to the most that an instruction asks for. */
export function planScratch(model: Model): i32 {
  const workspace = changetype<Context>(model.workspace);
  const largest = model.ranges + offsetof<Range>("max");
  let most = model.scratchBytes;
  for (let i: u32 = 0, n = model.instructionsCount; i < n; i++) {
    const instruction = model.instruction(i);
    const code = instruction.opcode;
    const operands = instruction.operands;
    resolve(model, workspace, instruction, largest, 3, true);
    if (HOLDS_HALVES) {
      if (isMixed(workspace, descriptionOf(code))) {
        const before = planMixed(model, workspace, instruction, largest);
        if (!isModerate(workspace, operands) || before > 1 << 31) return VERDICT_TOO_MUCH_MEMORY;
        most = max(most, <u32> (before + scratchBytes(code, model.workspace)));
        continue;
      }
    }
    const moderate = isModerate(workspace, operands);
    if (moderate) most = max(most, <u32> scratchBytes(code, model.workspace));
    else {
      // An instruction that needs no scratch memory may be of any size.
      setOnes(workspace, operands);
      if (scratchBytes(code, model.workspace) > 0) return VERDICT_TOO_MUCH_MEMORY;
    }
  }
  model.scratchBytes = most;
  return 0;
}

/**
 * Whether no `scratch_…` can overflow: they ask for at most 80 bytes a column, and 8 bytes for each
 * element of a plane of the last two extents padded to multiples of 8.
 */
function isModerate(context: Context, operands: u32): bool {
  for (let j: u32 = 0; j < operands; j++) {
    const target = context.instruction.operand(j);
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
function setOnes(context: Context, operands: u32): void {
  for (let j: u32 = 0; j < operands; j++) {
    const target = context.instruction.operand(j);
    target.extent0 =
      target.extent1 =
      target.extent2 =
      target.extent3 =
        1;
    target.rows = target.columns = 1;
  }
}

/** Begins an entry: evaluates the expressions and checks the inputs. */
export function beginEntry(context: Context, entry: u32): i32 {
  const model = context.model;
  context.entry = -1;
  if (entry >= model.entriesCount) return VERDICT_BAD_ARGUMENT;
  for (let i: u32 = 0, n = model.symbolsCount; i < n; i++) {
    const value = context.symbol(i);
    const symbol = model.symbolValue(i);
    if (value < symbol.min || value > symbol.max) return VERDICT_BAD_ARGUMENT;
  }
  if (evaluateAll(model, context.symbols, context.values)) {
    measureFresh(model, context);
  }
  const status = checkInputs(model, context, entry);
  if (status != 0) return status;
  setFresh(model, context);
  context.entry = <i32> entry;
  context.next = 0;
  return 0;
}

/** Whether an entry has begun, and this is it. */
function isCurrent(model: Model, context: Context, entry: u32): bool {
  return entry < model.entriesCount && <i32> entry == context.entry;
}

/**
 * Runs up to `n` instructions from `first` on, counted in the entry; returns the next one. What comes
 * before `first` must have run.
 */
export function runSlice(context: Context, entry: u32, first: u32, n: u32): i32 {
  const model = context.model;
  if (!isCurrent(model, context, entry)) return -VERDICT_BAD_ARGUMENT;
  const record = model.entry(entry);
  const total = record.instructions;
  const next = context.next;
  if (first > next) return -VERDICT_BAD_ARGUMENT;
  const end = first + min(n, total - first);
  for (let i = first; i < end; i++) {
    const instruction = model.instruction(record.first + i);
    resolve(model, context, instruction, context.values, 2, false);
    if (HOLDS_HALVES) {
      if (isMixed(context, descriptionOf(instruction.opcode))) {
        executeMixed(model, context, instruction);
        continue;
      }
    }
    execute(instruction.opcode, changetype<usize>(context));
  }
  context.next = max(next, end);
  if (end == total) canonicalizeOutputs(model, context, entry);
  return <i32> end;
}

/** What follows a part. */
function endPart(model: Model, context: Context, entry: u32, index: u32, total: u32): i32 {
  context.next = max(context.next, index + 1);
  if (index + 1 == total) canonicalizeOutputs(model, context, entry);
  return 0;
}

/** Runs a part of one instruction; the parts may run in any order, each once. */
export function runPart(context: Context, entry: u32, index: u32, part: u32, parts: u32): i32 {
  const model = context.model;
  if (!isCurrent(model, context, entry)) return VERDICT_BAD_ARGUMENT;
  const record = model.entry(entry);
  const total = record.instructions;
  const next = context.next;
  if (index >= total || index > next || part >= parts) return VERDICT_BAD_ARGUMENT;
  const instruction = model.instruction(record.first + index);
  resolve(model, context, instruction, context.values, 2, false);
  if (HOLDS_HALVES) {
    // What is copied goes in blocks of its own: all of it is the first part.
    if (isMixed(context, descriptionOf(instruction.opcode))) {
      if (part == 0) executeMixed(model, context, instruction);
      return endPart(model, context, entry, index, total);
    }
  }
  if (parts == 1) execute(instruction.opcode, changetype<usize>(context));
  else executePart(model, context, instruction, part, parts);
  context.next = max(next, index + 1);
  if (index + 1 == total) canonicalizeOutputs(model, context, entry);
  return 0;
}

/** Executes an instruction, resolved, on one box of blocks after the other. */
function executePart(
  model: Model,
  context: Context,
  instruction: InstructionRecord,
  part: u32,
  parts: u32,
): void {
  const description = descriptionOf(instruction.opcode);
  const way = wayOf(context, description);
  const blocks: u64 = blocksOf(context, description, way);
  const end = <u32> (blocks * (part + 1) / parts);
  for (let at = <u32> (blocks * part / parts); at < end;) {
    at += cut(context, description, way, at, end);
    execute(instruction.opcode, changetype<usize>(context));
    if (at < end) resolve(model, context, instruction, context.values, 2, false);
  }
  context.instruction.partStart = 0;
}
