// Loading a model: decode, verify, plan, take the stored bytes, check them. The functions are exports
// of the module; see `wasm/fewbit.h`.
import { isMemory } from "./context";
import { crc32c } from "./crc32c";
import { decode } from "./decode";
import { isMissing } from "./description";
import { checkEntries, checkWork } from "./entries";
import {
  RECORD_SEGMENTS,
  VERDICT_BAD_ARGUMENT,
  VERDICT_BAD_DATA,
  VERDICT_CHECKSUM,
  VERDICT_UNSUPPORTED_INSTRUCTION,
} from "./generated/format";
import { hasGoodConstants } from "./inputs";
import { planScratch } from "./interpreter";
import {
  CHECKSUM_TABLE,
  count,
  GENERATION,
  instructionRecord,
  INSTRUCTIONS,
  LOADED,
  MODEL_BYTES,
  MODEL_END,
  modelBytes,
  NOT_LOADED,
  opcode,
  PLANNED,
  READY,
  SEGMENT_ADDRESS,
  SEGMENTS,
  STAGE,
  symbolIsLoad,
  symbolRecord,
  SYMBOLS,
  symbolValue,
  TRITS_BAD,
  TRITS_CRC,
  TRITS_PUSHED,
  TRITS_TABLE,
  word,
} from "./model";
import { placeRegions, planRegions, SEGMENT_TRITS, segmentBytes } from "./plan";
import { STAGING_BYTES, stagingAddress, takeTrits } from "./trits";
import { verifyTables } from "./verify";

/** Whether a model was decoded here. */
export function isModel(model: usize): bool {
  if (!isMemory(model, MODEL_BYTES)) return false;
  const stage = word(model, STAGE);
  return stage == LOADED || stage == PLANNED || stage == READY;
}

/** Whether its memory was planned too. */
export function isPlanned(model: usize): bool {
  return isModel(model) && word(model, STAGE) != LOADED;
}

/** Whether the memory that was planned is there. */
export function isGrown(model: usize): bool {
  return isPlanned(model) && isMemory(model, word(model, MODEL_END) - model);
}

/** Bytes from `model` on that loading needs, for a head of that many bytes. */
export function model_size(head_bytes: u32): u32 {
  const bytes = modelBytes(head_bytes);
  return bytes > 0xFFFF0000 ? 0xFFFFFFFF : <u32> bytes;
}

/** Decodes the head that the host has written to `model + 256`. */
export function model_load(model: usize, head_bytes: u32): i32 {
  if (!isMemory(model, modelBytes(head_bytes))) return -VERDICT_BAD_ARGUMENT;
  const generation = word(model, GENERATION);
  memory.fill(model, 0, MODEL_BYTES);
  store<u32>(model, generation + 1, GENERATION);
  let verdict = decode(model, head_bytes);
  if (verdict == 0) verdict = checkHeld(model);
  if (verdict != 0) return -verdict;
  for (let i: u32 = 0, n = count(model, SYMBOLS); i < n; i++) {
    store<i32>(symbolValue(model, i), load<i32>(symbolRecord(model, i), 20));
  }
  store<u32>(model, LOADED, STAGE);
  return 0;
}

/** Whether this module was built with all instructions of a program; unknown ones are refused later. */
function checkHeld(model: usize): i32 {
  for (let i: u32 = 0, n = count(model, INSTRUCTIONS); i < n; i++) {
    if (isMissing(opcode(instructionRecord(model, i)))) return VERDICT_UNSUPPORTED_INSTRUCTION;
  }
  return 0;
}

/** Gives a load-time symbol a value other than its default. */
export function model_symbol(model: usize, index: u32, value: i32): i32 {
  if (!isModel(model) || word(model, STAGE) != LOADED || index >= count(model, SYMBOLS)) {
    return -VERDICT_BAD_ARGUMENT;
  }
  if (!symbolIsLoad(symbolRecord(model, index))) return -VERDICT_BAD_ARGUMENT;
  store<i32>(symbolValue(model, index), value);
  return 0;
}

/** Verifies the program and plans its memory. */
export function model_plan(model: usize, memory_limit: u32, work_limit: f64): i32 {
  if (!isModel(model) || word(model, STAGE) != LOADED) return -VERDICT_BAD_ARGUMENT;
  store<u32>(model, NOT_LOADED, STAGE);
  let verdict = verifyTables(model);
  if (verdict == 0) verdict = checkEntries(model);
  if (verdict == 0) verdict = checkWork(model, work_limit);
  if (verdict == 0) verdict = planRegions(model, memory_limit);
  if (verdict == 0) verdict = planScratch(model);
  if (verdict == 0) verdict = placeRegions(model);
  if (verdict == 0) store<u32>(model, PLANNED, STAGE);
  return -verdict;
}

/** First byte behind the constants and initial bytes. */
export function model_end(model: usize): u32 {
  return isPlanned(model) ? word(model, MODEL_END) : 0;
}

/** Where the host writes a part of the blob: constants (0), parameters (1), state (2). */
export function segment_address(model: usize, segment: u32): u32 {
  return segment < 3 && isPlanned(model)
    ? word(model, SEGMENT_ADDRESS + (<usize> segment << 2))
    : 0;
}

export function segment_bytes(model: usize, segment: u32): u32 {
  return segment < 3 && isModel(model) ? segmentBytes(model, segment) : 0;
}

/** Stored bytes of ternary constants, which the host pushes through a buffer; 0 where there are none. */
export function trits_bytes(model: usize): u32 {
  return isModel(model) ? segmentBytes(model, SEGMENT_TRITS) : 0;
}

/** Where the host writes the next of them. */
export function trits_address(model: usize): u32 {
  return isPlanned(model) && word(model, TRITS_TABLE) ? <u32> stagingAddress(model) : 0;
}

/** Most bytes of one push. */
export function trits_capacity(model: usize): u32 {
  return isPlanned(model) && word(model, TRITS_TABLE) ? STAGING_BYTES : 0;
}

/** Decodes what the host has written to `trits_address`. */
export function trits_push(model: usize, bytes: u32): i32 {
  if (
    !isGrown(model) || word(model, STAGE) != PLANNED || bytes > trits_capacity(model) ||
    bytes > trits_bytes(model) - word(model, TRITS_PUSHED)
  ) return -VERDICT_BAD_ARGUMENT;
  if (bytes > 0) takeTrits(model, bytes);
  return 0;
}

/** Checks what the host has written. */
export function model_ready(model: usize): i32 {
  if (
    !isGrown(model) || word(model, STAGE) != PLANNED ||
    word(model, TRITS_PUSHED) != trits_bytes(model)
  ) return -VERDICT_BAD_ARGUMENT;
  const table = <usize> word(model, CHECKSUM_TABLE);
  for (let segment: u32 = 0, n = count(model, SEGMENTS); segment < n; segment++) {
    const record = <usize> word(model, SEGMENTS) + <usize> segment * RECORD_SEGMENTS;
    const sum = segment == SEGMENT_TRITS
      ? word(model, TRITS_CRC)
      : crc32c(table, segment_address(model, segment), segmentBytes(model, segment));
    if (sum != load<u32>(record, 12)) return -VERDICT_CHECKSUM;
  }
  if (word(model, TRITS_BAD) || !hasGoodConstants(model)) return -VERDICT_BAD_DATA;
  store<u32>(model, READY, STAGE);
  return 0;
}
