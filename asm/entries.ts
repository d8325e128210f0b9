// Entries and liveness, as `checkEntries` of `src/program/verify.ts`.
import { descriptionOf } from "./description";
import {
  CHECK_DISTINCT,
  CHECK_NONE,
  NONE,
  REGION_ARENA,
  VERDICT_BAD_ENTRY,
  VERDICT_BAD_NAME,
  VERDICT_TOO_MUCH_WORK,
  VERDICT_UNINITIALISED,
} from "./generated/format";
import { ROLE_OUT } from "./generated/tables";
import { Model } from "./model";
import { isUnnamed, sameName } from "./names";
import { plus } from "./saturating";

/** Entries follow one another without gaps; arena memory belongs to one entry and is written first. */
export function checkEntries(model: Model): i32 {
  clearLiveness(model);
  const entries = model.entriesCount;
  let end: u64 = 0;
  for (let e: u32 = 0; e < entries; e++) {
    const entry = model.entry(e);
    if (isUnnamed(entry)) return VERDICT_BAD_NAME;
    for (let other: u32 = 0; other < e; other++) {
      if (sameName(model, entry, model.entry(other))) return VERDICT_BAD_NAME;
    }
    const first = entry.first;
    const instructions = entry.instructions;
    if (<u64> first != end || instructions < 1) return VERDICT_BAD_ENTRY;
    end += instructions;
    if (end > model.instructionsCount) return VERDICT_BAD_ENTRY;
    for (let i = first; i < <u32> end; i++) {
      const status = use(model, e, first, i);
      if (status != 0) return status;
    }
  }
  return end != model.instructionsCount || entries < 1 ? VERDICT_BAD_ENTRY : 0;
}

function clearLiveness(model: Model): void {
  let inputs: u32 = 0;
  let sorted: u32 = 0;
  for (let i: u32 = 0, n = model.tensorsCount; i < n; i++) {
    const info = model.info(i);
    info.first = -1;
    info.last = -1;
    info.entries = 0;
    const kind = model.tensor(i).check;
    if (kind != CHECK_NONE) inputs++;
    // Checking for doubles sorts a copy.
    if (kind == CHECK_DISTINCT) sorted = max(sorted, info.bytes);
  }
  model.checkedInputs = inputs;
  model.scratchBytes = sorted;
}

/** Marks the operands of instruction `i` of entry `e`. */
function use(model: Model, e: u32, entryFirst: u32, i: u32): i32 {
  const instruction = model.instruction(i);
  let operand = descriptionOf(instruction.opcode).firstOperand;
  for (let j: u32 = 0, n = instruction.operands; j < n; j++) {
    const view = model.operandView(instruction, j);
    const role = operand.role;
    operand = operand.next;
    if (view == NONE) continue;
    const tensor = model.view(view).tensor;
    const info = model.info(tensor);
    if (info.first < 0) info.first = i;
    info.last = i;
    info.entries = info.entries | (<u64> 1 << e);
    if (model.tensor(tensor).region != REGION_ARENA) continue;
    const first = info.first;
    if (first < <i32> entryFirst) return VERDICT_BAD_ENTRY;
    if (first == <i32> i && role != ROLE_OUT) return VERDICT_UNINITIALISED;
  }
  return 0;
}

/** Whether every entry stays below the limit of multiply-accumulates. */
export function checkWork(model: Model, limit: u64): i32 {
  for (let e: u32 = 0, n = model.entriesCount; e < n; e++) {
    const entry = model.entry(e);
    const first = entry.first;
    let sum: u64 = 0;
    for (let i = first, end = first + entry.instructions; i < end; i++) {
      sum = plus(sum, model.workOf(i));
    }
    if (sum > limit) return VERDICT_TOO_MUCH_WORK;
  }
  return 0;
}
