// Where each tensor lies, as `src/program/plan.ts`, and where the regions of an instance lie.
import { CONTEXT_BYTES } from "./context";
import {
  ENCODING_BASE3,
  ENCODING_RAW,
  ENCODING_ZERO,
  GUARD_BYTES,
  RECORD_SEGMENTS,
  REGION_ALIGNMENT,
  REGION_ARENA,
  REGION_CONSTANT,
  REGION_COUNT,
  TENSOR_ALIGNMENT,
  VERDICT_BAD_DATA,
  VERDICT_TOO_MUCH_MEMORY,
} from "./generated/format";
import {
  align,
  count,
  encoding,
  EXPRESSIONS,
  INFO_BYTES,
  INFO_FIRST,
  INFO_LAST,
  INFO_OFFSET,
  INSTANCE_BYTES,
  MODEL_END,
  rangeMax,
  region,
  REGION_BYTES,
  REGION_OFFSET,
  SCRATCH_BYTES,
  SEGMENT_ADDRESS,
  SEGMENTS,
  TABLES_END,
  TEMPORARY,
  tensorExtent,
  tensorInfo,
  tensorRecord,
  TENSORS,
  TRITS_TABLE,
  word,
} from "./model";
import { TRITS_BYTES } from "./trits";

/** Number of the segment of ternary constants. */
export const SEGMENT_TRITS: u32 = 3;

/** Plans the regions and checks their sizes. */
export function planRegions(model: usize, memoryLimit: u32): i32 {
  let total: u64 = 0;
  for (let where: u32 = 0; where < REGION_COUNT; where++) {
    const end = where == REGION_ARENA ? planArena(model) : planRegion(model, where);
    const bytes = align(end + GUARD_BYTES, REGION_ALIGNMENT);
    total += bytes;
    // Beyond 32 bits it is more than any limit, and refused below.
    store<u32>(model + REGION_BYTES + (<usize> where << 2), <u32> bytes);
  }
  if (total > memoryLimit) return VERDICT_TOO_MUCH_MEMORY;
  return checkSegments(model);
}

/** Raw bytes lie as in the file; behind them, what is decoded, then what is zero at first. */
function planRegion(model: usize, where: u32): u64 {
  let end: u64 = 0;
  for (let pass = 0; pass < 3; pass++) {
    const wanted = pass == 0 ? ENCODING_RAW : pass == 1 ? ENCODING_BASE3 : ENCODING_ZERO;
    for (let i: u32 = 0, n = count(model, TENSORS); i < n; i++) {
      const tensor = tensorRecord(model, i);
      if (region(tensor) != where || encoding(tensor) != wanted) continue;
      const info = tensorInfo(model, i);
      store<u64>(info, end, INFO_OFFSET);
      end = align(end + load<u32>(info, INFO_BYTES), TENSOR_ALIGNMENT);
    }
  }
  return end;
}

/**
 * First fit in the order of the file: the lowest offset at which a tensor overlaps none that is
 * already placed and alive at the same time.
 */
function planArena(model: usize): u64 {
  const placed = <usize> word(model, TEMPORARY);
  let length: usize = 0;
  let end: u64 = 0;
  for (let i: u32 = 0, n = count(model, TENSORS); i < n; i++) {
    if (region(tensorRecord(model, i)) != REGION_ARENA) continue;
    const info = tensorInfo(model, i);
    const first = load<i32>(info, INFO_FIRST);
    const last = load<i32>(info, INFO_LAST);
    store<u64>(info, 0, INFO_OFFSET);
    if (first < 0) continue;
    const size = align(load<u32>(info, INFO_BYTES), TENSOR_ALIGNMENT);
    let offset: u64 = 0;
    // `placed` ascends by offset, so one pass finds the lowest gap.
    for (let k: usize = 0; k < length; k++) {
      const other = tensorInfo(model, load<u32>(placed + (k << 2)));
      if (load<i32>(other, INFO_LAST) < first || load<i32>(other, INFO_FIRST) > last) continue;
      if (offset + size <= load<u64>(other, INFO_OFFSET)) break;
      offset = max(
        offset,
        load<u64>(other, INFO_OFFSET) + align(load<u32>(other, INFO_BYTES), TENSOR_ALIGNMENT),
      );
    }
    store<u64>(info, offset, INFO_OFFSET);
    let position = length;
    while (position > 0 && offsetOf(model, placed + ((position - 1) << 2)) > offset) position--;
    const at = placed + (position << 2);
    memory.copy(at + 4, at, (length - position) << 2);
    store<u32>(at, i);
    length++;
    end = max(end, offset + size);
  }
  return end;
}

// @ts-ignore: decorator

function offsetOf(model: usize, placed: usize): u64 {
  return load<u64>(tensorInfo(model, load<u32>(placed)), INFO_OFFSET);
}

/** The stored bytes are those that the tensors need. */
function checkSegments(model: usize): i32 {
  for (let segment: u32 = 0; segment < 3; segment++) {
    let end: u64 = 0;
    for (let i: u32 = 0, n = count(model, TENSORS); i < n; i++) {
      const tensor = tensorRecord(model, i);
      if (region(tensor) != segment || encoding(tensor) != ENCODING_RAW) continue;
      const info = tensorInfo(model, i);
      end = align(load<u64>(info, INFO_OFFSET) + load<u32>(info, INFO_BYTES), TENSOR_ALIGNMENT);
    }
    if (end != segmentBytes(model, segment)) return VERDICT_BAD_DATA;
  }
  let trits: u64 = 0;
  for (let i: u32 = 0, n = count(model, TENSORS); i < n; i++) {
    const tensor = tensorRecord(model, i);
    if (encoding(tensor) != ENCODING_BASE3) continue;
    const rows = <u64> rangeMax(model, tensorExtent(tensor, 0));
    trits += (rows * rangeMax(model, tensorExtent(tensor, 1)) + 4) / 5;
  }
  return align(trits, TENSOR_ALIGNMENT) == segmentBytes(model, SEGMENT_TRITS)
    ? 0
    : VERDICT_BAD_DATA;
}

/** Stored bytes of constants (0), parameters (1), state (2) or ternary constants (3). */
export function segmentBytes(model: usize, segment: u32): u32 {
  return segment >= count(model, SEGMENTS)
    ? 0
    : load<u32>(<usize> word(model, SEGMENTS) + <usize> segment * RECORD_SEGMENTS, 8);
}

/** Places segments behind the tables and regions in an instance. */
export function placeRegions(model: usize): i32 {
  let at = <u64> word(model, TABLES_END);
  if (segmentBytes(model, SEGMENT_TRITS) > 0) {
    store<u32>(model, <u32> at, TRITS_TABLE);
    at += TRITS_BYTES;
  }
  at = align(at, REGION_ALIGNMENT);
  for (let segment: u32 = 0; segment < 3; segment++) {
    store<u32>(model + SEGMENT_ADDRESS + (<usize> segment << 2), <u32> at);
    const bytes = segment == REGION_CONSTANT
      ? <u64> word(model, REGION_BYTES)
      : align(segmentBytes(model, segment), REGION_ALIGNMENT);
    at += bytes;
  }
  const end = at;
  store<u32>(model, <u32> end, MODEL_END);
  const words = <u64> count(model, EXPRESSIONS) + 2 * count(model, TENSORS);
  at = align(CONTEXT_BYTES + (words << 2), REGION_ALIGNMENT);
  for (let where: u32 = 1; where <= REGION_COUNT; where++) {
    store<u32>(model + REGION_OFFSET + (<usize> where << 2), <u32> at);
    const bytes = where < REGION_COUNT
      ? <u64> word(model, REGION_BYTES + (<usize> where << 2))
      : align(<u64> word(model, SCRATCH_BYTES) + GUARD_BYTES, REGION_ALIGNMENT);
    at += bytes;
  }
  store<u32>(model, <u32> at, INSTANCE_BYTES);
  return end + at > 0xFFFF0000 ? VERDICT_TOO_MUCH_MEMORY : 0;
}
