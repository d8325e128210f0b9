// An instance: a context block, then the regions that are its own. Several may share a model, and
// each may run in a thread of its own.
//
//   context + 0      header, below
//   CONTEXT_OPERANDS …  what kernels see (operand.ts)
//   CONTEXT_SYMBOLS  32 × i32 values of the symbols
//   CONTEXT_VALUES   i32 values of the expressions in the run that has begun
//   then             two u32 for each tensor (fresh.ts)
//   parameter, state, arena, input, output, scratch: 256-aligned, each with guard bytes
import { evaluate, evaluateAll } from "./expression";
import { measureFresh } from "./fresh";
import {
  ENCODING_ZERO,
  REGION_COUNT,
  REGION_PARAMETER,
  REGION_STATE,
  VERDICT_BAD_ARGUMENT,
} from "./generated/format";
import { layoutBytes } from "./layout";
import {
  count,
  encoding,
  GENERATION,
  INFO_OFFSET,
  INSTANCE_BYTES,
  MODEL_END,
  READY,
  region,
  REGION_BYTES,
  REGION_OFFSET,
  SEGMENT_ADDRESS,
  STAGE,
  SYMBOLS,
  symbolValue,
  tensorExtent,
  tensorInfo,
  tensorRank,
  tensorRecord,
  TENSORS,
  word,
} from "./model";
import { CONTEXT_SCRATCH } from "./generated/operand";
import { segmentBytes } from "./plan";

export const CONTEXT_MODEL: usize = 0;
/** Entry that has begun, or −1. */
export const CONTEXT_ENTRY: usize = 4;
/** Addresses of the six regions. */
export const CONTEXT_REGIONS: usize = 8;
/** Tells that these bytes are an instance. */
const CONTEXT_MAGIC: usize = 32;
/** Of the model when the instance was made. */
const CONTEXT_GENERATION: usize = 36;
/** Instruction up to which the entry has run. */
export const CONTEXT_NEXT: usize = 40;
export const CONTEXT_SYMBOLS: usize = 1088;
export const CONTEXT_VALUES: usize = CONTEXT_SYMBOLS + 32 * 4;
export const CONTEXT_BYTES: u64 = CONTEXT_VALUES;

// @ts-ignore: decorator

export function modelOf(context: usize): usize {
  return load<u32>(context, CONTEXT_MODEL);
}

// @ts-ignore: decorator

export function regionAddress(context: usize, where: u32): usize {
  return load<u32>(context + (<usize> where << 2), CONTEXT_REGIONS);
}

/** `FWIN`. */
const MAGIC: u32 = 0x4E495746;

/** Whether `bytes` from an aligned address on are memory that a host may use. */
export function isMemory(address: usize, bytes: u64): bool {
  return (address & 255) == 0 && address >= __heap_base &&
    <u64> address + bytes <= <u64> memory.size() << 16;
}

/** Whether an instance was made here, of a model that is still there. */
export function isInstance(context: usize): bool {
  if (!isMemory(context, CONTEXT_BYTES) || load<u32>(context, CONTEXT_MAGIC) != MAGIC) return false;
  const model = modelOf(context);
  return word(model, STAGE) == READY &&
    word(model, GENERATION) == load<u32>(context, CONTEXT_GENERATION);
}

/** Sets up an instance in `instance_size` bytes that are not the model's. */
export function initialise(model: usize, context: usize): i32 {
  if (word(model, STAGE) != READY) return VERDICT_BAD_ARGUMENT;
  const bytes: u64 = word(model, INSTANCE_BYTES);
  const apart = context >= <usize> word(model, MODEL_END) || <u64> context + bytes <= <u64> model;
  if (!apart || !isMemory(context, bytes)) return VERDICT_BAD_ARGUMENT;
  // Memory may come from a pool: nothing of its former life is left, guards included.
  memory.fill(context, 0, word(model, INSTANCE_BYTES));
  store<u32>(context, <u32> model, CONTEXT_MODEL);
  store<u32>(context, MAGIC, CONTEXT_MAGIC);
  store<u32>(context, word(model, GENERATION), CONTEXT_GENERATION);
  store<i32>(context, -1, CONTEXT_ENTRY);
  store<u32>(context, word(model, SEGMENT_ADDRESS), CONTEXT_REGIONS);
  for (let where: u32 = 1; where < REGION_COUNT; where++) {
    const offset = word(model, REGION_OFFSET + (<usize> where << 2));
    store<u32>(context + (<usize> where << 2), <u32> context + offset, CONTEXT_REGIONS);
  }
  const scratch = word(model, REGION_OFFSET + (<usize> REGION_COUNT << 2));
  store<u32>(context, <u32> context + scratch, CONTEXT_SCRATCH);
  for (let i: u32 = 0, n = count(model, SYMBOLS); i < n; i++) {
    store<i32>(context + (<usize> i << 2), load<i32>(symbolValue(model, i)), CONTEXT_SYMBOLS);
  }
  evaluateAll(model, context + CONTEXT_SYMBOLS, context + CONTEXT_VALUES);
  measureFresh(model, context);
  copyInitial(model, context, REGION_PARAMETER);
  copyInitial(model, context, REGION_STATE);
  return 0;
}

function copyInitial(model: usize, context: usize, where: u32): void {
  const bytes = segmentBytes(model, where);
  const from = <usize> word(model, SEGMENT_ADDRESS + (<usize> where << 2));
  memory.copy(regionAddress(context, where), from, bytes);
}

/** Sets the state to its initial bytes. */
export function resetState(context: usize): void {
  const model = modelOf(context);
  memory.fill(regionAddress(context, REGION_STATE), 0, word(model, REGION_BYTES + 8));
  copyInitial(model, context, REGION_STATE);
}

/** Sets up an instance with the parameters, state and symbols of another, which it may not touch. */
export function copyInstance(from: usize, to: usize): i32 {
  const model = modelOf(from);
  const bytes = word(model, INSTANCE_BYTES);
  if (<u64> to < <u64> from + bytes && <u64> from < <u64> to + bytes) return VERDICT_BAD_ARGUMENT;
  const status = initialise(model, to);
  if (status != 0) return status;
  for (let where = REGION_PARAMETER; where <= REGION_STATE; where++) {
    memory.copy(
      regionAddress(to, where),
      regionAddress(from, where),
      word(model, REGION_BYTES + (<usize> where << 2)),
    );
  }
  memory.copy(to + CONTEXT_SYMBOLS, from + CONTEXT_SYMBOLS, 32 * 4);
  return 0;
}

/** Gives a run-time symbol its value for the next run. */
export function setSymbol(context: usize, index: u32, value: i32): i32 {
  const model = modelOf(context);
  if (index >= count(model, SYMBOLS)) return VERDICT_BAD_ARGUMENT;
  const symbol = symbolValue(model, index);
  if (value < load<i32>(symbol, 4) || value > load<i32>(symbol, 8)) return VERDICT_BAD_ARGUMENT;
  store<i32>(context + (<usize> index << 2), value, CONTEXT_SYMBOLS);
  return 0;
}

/** Address of a tensor, 0 for an unknown one. */
export function addressOf(context: usize, index: u32): usize {
  const model = modelOf(context);
  if (index >= count(model, TENSORS)) return 0;
  const offset = <usize> load<u64>(tensorInfo(model, index), INFO_OFFSET);
  return regionAddress(context, region(tensorRecord(model, index))) + offset;
}

/** Address of the initial bytes, decoded, of a stored tensor; 0 where they are zero or there are none. */
export function initialAddress(model: usize, index: u32): usize {
  const tensor = tensorRecord(model, index);
  if (region(tensor) > REGION_STATE || encoding(tensor) == ENCODING_ZERO) return 0;
  const segment = <usize> word(model, SEGMENT_ADDRESS + (<usize> region(tensor) << 2));
  return segment + <usize> load<u64>(tensorInfo(model, index), INFO_OFFSET);
}

/** Extent of a tensor at the present values of the symbols; 1 beyond its rank. */
export function extentOf(context: usize, index: u32, axis: u32): i32 {
  const model = modelOf(context);
  if (index >= count(model, TENSORS)) return 1;
  const tensor = tensorRecord(model, index);
  if (axis >= tensorRank(tensor)) return 1;
  // Not the values of the run that has begun: these symbols may be those of the next one.
  return evaluate(model, tensorExtent(tensor, axis), context + CONTEXT_SYMBOLS);
}

/** Bytes of a tensor at the present values of the symbols. */
export function bytesOf(context: usize, index: u32): u32 {
  const model = modelOf(context);
  if (index >= count(model, TENSORS)) return 0;
  return <u32> layoutBytes(
    tensorRecord(model, index),
    extentOf(context, index, 0),
    extentOf(context, index, 1),
    extentOf(context, index, 2),
    extentOf(context, index, 3),
  );
}
