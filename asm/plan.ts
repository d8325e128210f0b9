// Where each tensor lies, as `src/program/plan.ts`, and where the regions of an instance lie.
import { CONTEXT_BYTES } from "./context";
import {
  ENCODING_BASE3,
  ENCODING_RAW,
  ENCODING_ZERO,
  GUARD_BYTES,
  REGION_ALIGNMENT,
  REGION_ARENA,
  REGION_CONSTANT,
  REGION_COUNT,
  TENSOR_ALIGNMENT,
  VERDICT_BAD_DATA,
  VERDICT_TOO_MUCH_MEMORY,
} from "./generated/format";
import { align, Model } from "./model";
import { TRITS_BYTES } from "./trits";

/** Number of the segment of ternary constants. */
export const SEGMENT_TRITS: u32 = 3;

/** Plans the regions and checks their sizes. */
export function planRegions(model: Model, memoryLimit: u32): i32 {
  let total: u64 = 0;
  for (let where: u32 = 0; where < REGION_COUNT; where++) {
    const end = where == REGION_ARENA ? planArena(model) : planRegion(model, where);
    const bytes = align(end + GUARD_BYTES, REGION_ALIGNMENT);
    total += bytes;
    // Beyond 32 bits it is more than any limit, and refused below.
    model.setRegionBytes(where, <u32> bytes);
  }
  if (total > memoryLimit) return VERDICT_TOO_MUCH_MEMORY;
  return checkSegments(model);
}

/** Raw bytes lie as in the file; behind them, what is decoded, then what is zero at first. */
function planRegion(model: Model, where: u32): u64 {
  let end: u64 = 0;
  for (let pass = 0; pass < 3; pass++) {
    const wanted = pass == 0 ? ENCODING_RAW : pass == 1 ? ENCODING_BASE3 : ENCODING_ZERO;
    for (let i: u32 = 0, n = model.tensorsCount; i < n; i++) {
      const tensor = model.tensor(i);
      if (tensor.region != where || tensor.encoding != wanted) continue;
      const info = model.info(i);
      info.offset = end;
      end = align(end + info.bytes, TENSOR_ALIGNMENT);
    }
  }
  return end;
}

/**
 * First fit in the order of the file: the lowest offset at which a tensor overlaps none that is
 * already placed and alive at the same time.
 */
function planArena(model: Model): u64 {
  const placed = model.temporary;
  let length: usize = 0;
  let end: u64 = 0;
  for (let i: u32 = 0, n = model.tensorsCount; i < n; i++) {
    if (model.tensor(i).region != REGION_ARENA) continue;
    const info = model.info(i);
    const first = info.first;
    const last = info.last;
    info.offset = 0;
    if (first < 0) continue;
    const size = align(info.bytes, TENSOR_ALIGNMENT);
    let offset: u64 = 0;
    // `placed` ascends by offset, so one pass finds the lowest gap.
    for (let k: usize = 0; k < length; k++) {
      const other = model.info(load<u32>(placed + (k << 2)));
      if (other.last < first || other.first > last) continue;
      if (offset + size <= other.offset) break;
      offset = max(
        offset,
        other.offset + align(other.bytes, TENSOR_ALIGNMENT),
      );
    }
    info.offset = offset;
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

function offsetOf(model: Model, placed: usize): u64 {
  return model.info(load<u32>(placed)).offset;
}

/** The stored bytes are those that the tensors need. */
function checkSegments(model: Model): i32 {
  for (let segment: u32 = 0; segment < 3; segment++) {
    let end: u64 = 0;
    for (let i: u32 = 0, n = model.tensorsCount; i < n; i++) {
      const tensor = model.tensor(i);
      if (tensor.region != segment || tensor.encoding != ENCODING_RAW) continue;
      const info = model.info(i);
      end = align(info.offset + info.bytes, TENSOR_ALIGNMENT);
    }
    if (end != segmentBytes(model, segment)) return VERDICT_BAD_DATA;
  }
  let trits: u64 = 0;
  for (let i: u32 = 0, n = model.tensorsCount; i < n; i++) {
    const tensor = model.tensor(i);
    if (tensor.encoding != ENCODING_BASE3) continue;
    const rows = <u64> model.range(tensor.extent(0)).max;
    trits += (rows * model.range(tensor.extent(1)).max + 4) / 5;
  }
  return align(trits, TENSOR_ALIGNMENT) == segmentBytes(model, SEGMENT_TRITS)
    ? 0
    : VERDICT_BAD_DATA;
}

/** Stored bytes of constants (0), parameters (1), state (2) or ternary constants (3). */
export function segmentBytes(model: Model, segment: u32): u32 {
  return segment >= model.segmentsCount ? 0 : model.segment(segment).bytes;
}

/** Places segments behind the tables and regions in an instance. */
export function placeRegions(model: Model): i32 {
  let at = <u64> model.tablesEnd;
  if (segmentBytes(model, SEGMENT_TRITS) > 0) {
    model.tritsTable = <u32> at;
    at += TRITS_BYTES;
  }
  at = align(at, REGION_ALIGNMENT);
  for (let segment: u32 = 0; segment < 3; segment++) {
    model.setSegmentAddress(segment, <usize> at);
    const bytes = segment == REGION_CONSTANT
      ? <u64> model.regionBytes0
      : align(segmentBytes(model, segment), REGION_ALIGNMENT);
    at += bytes;
  }
  const end = at;
  model.end = <u32> end;
  const words = <u64> model.expressionsCount + 2 * model.tensorsCount;
  at = align(CONTEXT_BYTES + (words << 2), REGION_ALIGNMENT);
  for (let where: u32 = 1; where <= REGION_COUNT; where++) {
    model.setRegionOffset(where, <u32> at);
    const bytes = where < REGION_COUNT
      ? <u64> model.regionBytes(where)
      : align(<u64> model.scratchBytes + GUARD_BYTES, REGION_ALIGNMENT);
    at += bytes;
  }
  model.instanceBytes = <u32> at;
  return end + at > 0xFFFF0000 ? VERDICT_TOO_MUCH_MEMORY : 0;
}
