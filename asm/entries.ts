// Entries and liveness, as `checkEntries` of `src/program/verify.ts`.
import { operandRecord, recordOf, roleOf } from "./description";
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
import {
  check,
  CHECKED_INPUTS,
  count,
  ENTRIES,
  entryRecord,
  INFO_BYTES,
  INFO_ENTRIES,
  INFO_FIRST,
  INFO_LAST,
  instructionRecord,
  INSTRUCTIONS,
  opcode,
  operandView,
  region,
  SCRATCH_BYTES,
  tensorInfo,
  tensorRecord,
  TENSORS,
  viewRecord,
  viewTensor,
  word,
  WORK,
} from "./model";
import { isUnnamed, sameName } from "./names";

/** Entries follow one another without gaps; arena memory belongs to one entry and is written first. */
export function checkEntries(model: usize): i32 {
  clearLiveness(model);
  const entries = count(model, ENTRIES);
  let end: u64 = 0;
  for (let e: u32 = 0; e < entries; e++) {
    const entry = entryRecord(model, e);
    if (isUnnamed(entry)) return VERDICT_BAD_NAME;
    for (let other: u32 = 0; other < e; other++) {
      if (sameName(model, entry, entryRecord(model, other))) return VERDICT_BAD_NAME;
    }
    const first = load<u32>(entry, 8);
    const instructions = load<u32>(entry, 12);
    if (<u64> first != end || instructions < 1) return VERDICT_BAD_ENTRY;
    end += instructions;
    if (end > count(model, INSTRUCTIONS)) return VERDICT_BAD_ENTRY;
    for (let i = first; i < <u32> end; i++) {
      const status = use(model, e, first, i);
      if (status != 0) return status;
    }
  }
  return end != count(model, INSTRUCTIONS) || entries < 1 ? VERDICT_BAD_ENTRY : 0;
}

function clearLiveness(model: usize): void {
  let inputs: u32 = 0;
  let sorted: u32 = 0;
  for (let i: u32 = 0, n = count(model, TENSORS); i < n; i++) {
    const info = tensorInfo(model, i);
    store<i32>(info, -1, INFO_FIRST);
    store<i32>(info, -1, INFO_LAST);
    store<u64>(info, 0, INFO_ENTRIES);
    const kind = check(tensorRecord(model, i));
    if (kind != CHECK_NONE) inputs++;
    // Checking for doubles sorts a copy.
    if (kind == CHECK_DISTINCT) sorted = max(sorted, load<u32>(info, INFO_BYTES));
  }
  store<u32>(model, inputs, CHECKED_INPUTS);
  store<u32>(model, sorted, SCRATCH_BYTES);
}

/** Marks the operands of instruction `i` of entry `e`. */
function use(model: usize, e: u32, entryFirst: u32, i: u32): i32 {
  const instruction = instructionRecord(model, i);
  let operand = operandRecord(recordOf(opcode(instruction)), 0);
  for (let j: u32 = 0, n = load<u32>(instruction, 8); j < n; j++) {
    const view = operandView(model, instruction, j);
    const role = roleOf(operand);
    operand += 8 + (<usize> load<u8>(operand, 5) << 2);
    if (view == NONE) continue;
    const tensor = viewTensor(viewRecord(model, view));
    const info = tensorInfo(model, tensor);
    if (load<i32>(info, INFO_FIRST) < 0) store<i32>(info, i, INFO_FIRST);
    store<i32>(info, i, INFO_LAST);
    store<u64>(info, load<u64>(info, INFO_ENTRIES) | (<u64> 1 << e), INFO_ENTRIES);
    if (region(tensorRecord(model, tensor)) != REGION_ARENA) continue;
    const first = load<i32>(info, INFO_FIRST);
    if (first < <i32> entryFirst) return VERDICT_BAD_ENTRY;
    if (first == <i32> i && role != 1) return VERDICT_UNINITIALISED;
  }
  return 0;
}

/** Whether every entry stays below the limit of multiply-accumulates. */
export function checkWork(model: usize, limit: f64): i32 {
  const work = <usize> word(model, WORK);
  for (let e: u32 = 0, n = count(model, ENTRIES); e < n; e++) {
    const entry = entryRecord(model, e);
    const first = load<u32>(entry, 8);
    let sum: f64 = 0;
    for (let i = first, end = first + load<u32>(entry, 12); i < end; i++) {
      sum += load<f64>(work + (<usize> i << 3));
    }
    if (sum > limit) return VERDICT_TOO_MUCH_WORK;
  }
  return 0;
}
