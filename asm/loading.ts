// Loading a model: decode, verify, plan, take the stored bytes, check them. The functions are exports
// of the module; see `wasm/fewbit.h`.
import { isMemory } from "./context";
import { crc32c } from "./crc32c";
import { decode } from "./decode";
import { isMissing } from "./description";
import { checkEntries, checkWork } from "./entries";
import {
  SYMBOL_LOAD,
  VERDICT_BAD_ARGUMENT,
  VERDICT_BAD_DATA,
  VERDICT_CHECKSUM,
  VERDICT_UNSUPPORTED_INSTRUCTION,
} from "./generated/format";
import { hasGoodConstants } from "./inputs";
import { planScratch } from "./interpreter";
import { become } from "./kernels/dot";
import { dot_form } from "./kernels/dot_answer";
import { DOT_NONE, DOT_SEVEN } from "./kernels/dot_forms";
import { LOADED, Model, MODEL_BYTES, modelBytes, NOT_LOADED, PLANNED, READY } from "./model";
import { placeRegions, planRegions, SEGMENT_TRITS, segmentBytes } from "./plan";
import { STAGING_BYTES, stagingAddress, takeTrits } from "./trits";
import { verifyTables } from "./verify";

/** Whether a model was decoded here. */
export function isModel(model: Model): bool {
  if (!isMemory(changetype<usize>(model), MODEL_BYTES)) return false;
  const stage = model.stage;
  return stage == LOADED || stage == PLANNED || stage == READY;
}

/** Whether its memory was planned too. */
export function isPlanned(model: Model): bool {
  return isModel(model) && model.stage != LOADED;
}

/** Whether the memory that was planned is there. */
export function isGrown(model: Model): bool {
  return isPlanned(model) &&
    isMemory(changetype<usize>(model), model.end - changetype<usize>(model));
}

/** Bytes from `model` on that loading needs, for a head of that many bytes. */
export function model_size(head_bytes: u32): u32 {
  const bytes = modelBytes(head_bytes);
  return bytes > 0xFFFF0000 ? 0xFFFFFFFF : <u32> bytes;
}

/** Decodes the head that the host has written to `model + 256`. */
export function model_load(model: Model, head_bytes: u32): i32 {
  if (!isMemory(changetype<usize>(model), modelBytes(head_bytes))) return -VERDICT_BAD_ARGUMENT;
  const generation = model.generation;
  memory.fill(changetype<usize>(model), 0, MODEL_BYTES);
  model.generation = generation + 1;
  let verdict = decode(model, head_bytes);
  if (verdict == 0) verdict = checkHeld(model);
  if (verdict != 0) return -verdict;
  for (let i: u32 = 0, n = model.symbolsCount; i < n; i++) {
    model.symbolValue(i).value = model.symbol(i).initial;
  }
  model.dot = dot_form();
  model.stage = LOADED;
  return 0;
}

/** Whether this module was built with all instructions of a program; unknown ones are refused later. */
function checkHeld(model: Model): i32 {
  for (let i: u32 = 0, n = model.instructionsCount; i < n; i++) {
    if (isMissing(model.instruction(i).opcode)) return VERDICT_UNSUPPORTED_INSTRUCTION;
  }
  return 0;
}

/** Gives a load-time symbol a value other than its default. */
export function model_symbol(model: Model, index: u32, value: i32): i32 {
  if (!isModel(model) || model.stage != LOADED || index >= model.symbolsCount) {
    return -VERDICT_BAD_ARGUMENT;
  }
  if (model.symbol(index).kind != SYMBOL_LOAD) return -VERDICT_BAD_ARGUMENT;
  model.symbolValue(index).value = value;
  return 0;
}

/** Makes kernels take the dot product for a form that it has: any host's is right for `DOT_SEVEN`. */
export function model_dot(model: Model, form: i32): i32 {
  if (!isModel(model) || model.stage != LOADED || form <= DOT_NONE) return -VERDICT_BAD_ARGUMENT;
  become(form);
  const own = dot_form();
  if (form != own && (own == DOT_NONE || form != DOT_SEVEN)) return -VERDICT_BAD_ARGUMENT;
  model.dot = form;
  return 0;
}

/** Verifies the program and plans its memory. */
export function model_plan(model: Model, memory_limit: u32, work_limit: f64): i32 {
  return planModel(model, memory_limit, floorOf(reinterpret<u64>(work_limit)));
}

/** `model_plan` with a limit of work that is an integer. */
export function planModel(model: Model, memory_limit: u32, work_limit: u64): i32 {
  if (!isModel(model) || model.stage != LOADED) return -VERDICT_BAD_ARGUMENT;
  model.stage = NOT_LOADED;
  let verdict = verifyTables(model);
  if (verdict == 0) verdict = checkEntries(model);
  if (verdict == 0) verdict = checkWork(model, work_limit);
  if (verdict == 0) verdict = planRegions(model, memory_limit);
  if (verdict == 0) verdict = planScratch(model);
  if (verdict == 0) verdict = placeRegions(model);
  if (verdict == 0) model.stage = PLANNED;
  return -verdict;
}

/** ⌊x⌋ from the bits of a float64, so that modules without floats can have this; below 0: 0, beyond 2^63 and no number: no limit. */
function floorOf(bits: u64): u64 {
  const exponent = <i32> (bits >> 52) - 1023;
  if (exponent < 0 || exponent > 1024) return 0;
  if (exponent > 62) return -1;
  const mantissa = bits << 11 | <u64> 1 << 63;
  return mantissa >> (63 - exponent);
}

/** First byte behind the constants and initial bytes. */
export function model_end(model: Model): u32 {
  return isPlanned(model) ? model.end : 0;
}

/** Where the host writes a part of the blob: constants (0), parameters (1), state (2). */
export function segment_address(model: Model, segment: u32): u32 {
  return segment < 3 && isPlanned(model) ? model.segmentAddress(segment) : 0;
}

export function segment_bytes(model: Model, segment: u32): u32 {
  return segment < 3 && isModel(model) ? segmentBytes(model, segment) : 0;
}

/** Stored bytes of ternary constants, which the host pushes through a buffer; 0 where there are none. */
export function trits_bytes(model: Model): u32 {
  return isModel(model) ? segmentBytes(model, SEGMENT_TRITS) : 0;
}

/** Where the host writes the next of them. */
export function trits_address(model: Model): u32 {
  return isPlanned(model) && model.tritsTable ? <u32> stagingAddress(model) : 0;
}

/** Most bytes of one push. */
export function trits_capacity(model: Model): u32 {
  return isPlanned(model) && model.tritsTable ? STAGING_BYTES : 0;
}

/** Decodes what the host has written to `trits_address`. */
export function trits_push(model: Model, bytes: u32): i32 {
  if (
    !isGrown(model) || model.stage != PLANNED || bytes > trits_capacity(model) ||
    bytes > trits_bytes(model) - model.tritsPushed
  ) return -VERDICT_BAD_ARGUMENT;
  if (bytes > 0) takeTrits(model, bytes);
  return 0;
}

/** Checks what the host has written. */
export function model_ready(model: Model): i32 {
  if (
    !isGrown(model) || model.stage != PLANNED ||
    model.tritsPushed != trits_bytes(model)
  ) return -VERDICT_BAD_ARGUMENT;
  for (let segment: u32 = 0, n = model.segmentsCount; segment < n; segment++) {
    const sum = segment == SEGMENT_TRITS
      ? model.tritsChecksum
      : crc32c(model.checksumTable, segment_address(model, segment), segmentBytes(model, segment));
    if (sum != model.segment(segment).checksum) return -VERDICT_CHECKSUM;
  }
  if (model.tritsBad || !hasGoodConstants(model)) return -VERDICT_BAD_DATA;
  model.stage = READY;
  return 0;
}
