// What the module exports; see `wasm/fewbit.h`. A negative status is a verdict
// (`src/program/verdict.ts`), negated. Pointers are byte offsets, everything is little-endian, there
// are no imports, and memory is only grown by the host.
import {
  addressOf,
  bytesOf,
  copyInstance,
  extentOf,
  initialAddress,
  initialise,
  isInstance,
  isMemory,
  modelOf,
  resetState,
  setSymbol,
} from "./context";
import { canonicalizeTensor } from "./canonical_nan";
import { crc32c } from "./crc32c";
import { decode } from "./decode";
import { checkEntries, checkWork } from "./entries";
import {
  RECORD_SEGMENTS,
  VERDICT_BAD_ARGUMENT,
  VERDICT_BAD_DATA,
  VERDICT_CHECKSUM,
  VERDICT_NOT_FOUND,
} from "./generated/format";
import { hasGoodConstants } from "./inputs";
import { beginEntry, planScratch, runPart, runSlice } from "./interpreter";
import {
  CHECKSUM_TABLE,
  count,
  ENTRIES,
  entryRecord,
  GENERATION,
  INFO_BYTES,
  INSTANCE_BYTES,
  LOADED,
  MODEL_BYTES,
  MODEL_END,
  modelBytes,
  NOT_LOADED,
  PLANNED,
  READY,
  SEGMENT_ADDRESS,
  SEGMENTS,
  STAGE,
  symbolIsLoad,
  symbolRecord,
  SYMBOLS,
  symbolValue,
  tensorInfo,
  TENSORS,
  TRITS_BAD,
  TRITS_CRC,
  TRITS_PUSHED,
  TRITS_TABLE,
  word,
} from "./model";
import { findName } from "./names";
import { placeRegions, planRegions, SEGMENT_TRITS, segmentBytes } from "./plan";
import { wrongLanes } from "./selftest";
import { STAGING_BYTES, stagingAddress, takeTrits } from "./trits";
import { verifyTables } from "./verify";

/** Version of these exports. */
export function abi_version(): i32 {
  return 2;
}

// What a host calls out of order, or with an address at which nothing is, does nothing: it returns
// bad_argument, or 0 where an address, a size or a count is asked for.

/** Whether a model was decoded here. */
function isModel(model: usize): bool {
  if (!isMemory(model, MODEL_BYTES)) return false;
  const stage = word(model, STAGE);
  return stage == LOADED || stage == PLANNED || stage == READY;
}

/** Whether its memory was planned too. */
function isPlanned(model: usize): bool {
  return isModel(model) && word(model, STAGE) != LOADED;
}

/** Whether the memory that was planned is there. */
function isGrown(model: usize): bool {
  return isPlanned(model) && isMemory(model, word(model, MODEL_END) - model);
}

/** 0 where the build computes right on this host. */
export function selftest(): i32 {
  return wrongLanes();
}

/** First byte, at a multiple of 256, that the host may use. */
export function heap_base(): u32 {
  return <u32> ((__heap_base + 255) & ~255);
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
  const verdict = decode(model, head_bytes);
  if (verdict != 0) return -verdict;
  for (let i: u32 = 0, n = count(model, SYMBOLS); i < n; i++) {
    store<i32>(symbolValue(model, i), load<i32>(symbolRecord(model, i), 20));
  }
  store<u32>(model, LOADED, STAGE);
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

/** Records of a table; none where there is no model. */
function countOf(model: usize, table: usize): u32 {
  return isModel(model) ? count(model, table) : 0;
}

export function symbol_count(model: usize): u32 {
  return countOf(model, SYMBOLS);
}

export function tensor_count(model: usize): u32 {
  return countOf(model, TENSORS);
}

export function entry_count(model: usize): u32 {
  return countOf(model, ENTRIES);
}

/** Instructions of an entry. */
export function entry_length(model: usize, entry: u32): u32 {
  return entry < countOf(model, ENTRIES) ? load<u32>(entryRecord(model, entry), 12) : 0;
}

/** Least value of a symbol. Of a load-time one, once planned, it is the value. */
export function symbol_min(model: usize, index: u32): i32 {
  return index < countOf(model, SYMBOLS) ? load<i32>(symbolValue(model, index), 4) : 0;
}

/** Largest value of a symbol. */
export function symbol_max(model: usize, index: u32): i32 {
  return index < countOf(model, SYMBOLS) ? load<i32>(symbolValue(model, index), 8) : 0;
}

/** Value of a load-time symbol, default of a run-time one. */
export function symbol_value(model: usize, index: u32): i32 {
  return index < countOf(model, SYMBOLS) ? load<i32>(symbolValue(model, index)) : 0;
}

/** Index of the symbol (kind 0), tensor (1) or entry (2) of that name. */
export function find(model: usize, kind: u32, name: usize, name_bytes: u32): i32 {
  if (!isModel(model) || <u64> name + name_bytes > <u64> memory.size() << 16) {
    return -VERDICT_BAD_ARGUMENT;
  }
  const index = findName(model, kind, name, name_bytes);
  return index < 0 ? -VERDICT_NOT_FOUND : index;
}

/** Bytes that an instance needs, at a multiple of 256. */
export function instance_size(model: usize): u32 {
  return isPlanned(model) ? word(model, INSTANCE_BYTES) : 0;
}

/** Sets up an instance: parameters and state have their initial bytes. */
export function instance_init(model: usize, context: usize): i32 {
  return isModel(model) ? -initialise(model, context) : -VERDICT_BAD_ARGUMENT;
}

/** Sets up an instance with the parameters and state of another. */
export function instance_copy(from: usize, to: usize): i32 {
  return isInstance(from) ? -copyInstance(from, to) : -VERDICT_BAD_ARGUMENT;
}

/** Gives the state its initial bytes. */
export function instance_reset(context: usize): i32 {
  if (!isInstance(context)) return -VERDICT_BAD_ARGUMENT;
  resetState(context);
  return 0;
}

/** Gives a run-time symbol its value from the next `begin` on. */
export function symbol_set(context: usize, index: u32, value: i32): i32 {
  return isInstance(context) ? -setSymbol(context, index, value) : -VERDICT_BAD_ARGUMENT;
}

/** Address of a tensor (valid for what outlives a run, inputs and outputs). */
export function tensor_address(context: usize, tensor: u32): u32 {
  return isInstance(context) ? <u32> addressOf(context, tensor) : 0;
}

/** Bytes of a tensor at the present values of the symbols. */
export function tensor_bytes(context: usize, tensor: u32): u32 {
  return isInstance(context) ? bytesOf(context, tensor) : 0;
}

/** Bytes of a tensor at the largest values of the symbols. */
export function tensor_capacity(context: usize, tensor: u32): u32 {
  if (!isInstance(context)) return 0;
  const model = modelOf(context);
  return tensor < count(model, TENSORS) ? load<u32>(tensorInfo(model, tensor), INFO_BYTES) : 0;
}

/** Address of the initial bytes of a constant, parameter or state; 0 where they are zero. */
export function tensor_initial(model: usize, tensor: u32): u32 {
  return isPlanned(model) && tensor < count(model, TENSORS) ? <u32> initialAddress(model, tensor) : 0;
}

/** Extent of a tensor at the present values of the symbols; 1 beyond its rank. */
export function tensor_extent(context: usize, tensor: u32, axis: u32): u32 {
  return isInstance(context) ? extentOf(context, tensor, axis) : 0;
}

/** Makes the NaNs of a float32 tensor canonical, as those of outputs are at the end of an entry. */
export function canonicalize(context: usize, tensor: u32): i32 {
  if (!isInstance(context)) return -VERDICT_BAD_ARGUMENT;
  canonicalizeTensor(context, tensor);
  return 0;
}

/** Begins an entry once its symbols are set and its inputs are written. */
export function begin(context: usize, entry: u32): i32 {
  return isInstance(context) ? -beginEntry(context, entry) : -VERDICT_BAD_ARGUMENT;
}

/** Runs up to `count` instructions from `first` on; returns the next one. */
export function run(context: usize, entry: u32, first: u32, count: u32): i32 {
  return isInstance(context) ? runSlice(context, entry, first, count) : -VERDICT_BAD_ARGUMENT;
}

/** Runs a part of one instruction; the parts may run in any order, each once. */
export function run_part(context: usize, entry: u32, index: u32, part: u32, parts: u32): i32 {
  return isInstance(context)
    ? -runPart(context, entry, index, part, parts)
    : -VERDICT_BAD_ARGUMENT;
}
