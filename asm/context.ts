// An instance: a context block, then the regions that are its own. Several may share a model, and
// each may run in a thread of its own.
//
//   context            Context, below
//   CONTEXT_OPERANDS   what kernels see (generated/operand.ts)
//   CONTEXT_SYMBOLS    LIMIT_SYMBOLS × i32, the values of the symbols
//   CONTEXT_VALUES     i32 values of the expressions in the run that has begun
//   then               two u32 for each tensor (fresh.ts)
//   parameter, state, arena, input, output, scratch: 256-aligned, each with guard bytes
import { evaluate } from "./expression";
import {
  ENCODING_ZERO,
  LIMIT_SYMBOLS,
  REGION_STATE,
  VERDICT_BAD_ARGUMENT,
} from "./generated/format";
import { CONTEXT_INSTRUCTION_END, Instruction } from "./generated/operand";
import { layoutBytes } from "./layout";
import { Model, READY } from "./model";

const CONTEXT_SYMBOLS: usize = (CONTEXT_INSTRUCTION_END + 63) & ~63;
export const SYMBOLS_BYTES: usize = LIMIT_SYMBOLS * 4;
const CONTEXT_VALUES: usize = CONTEXT_SYMBOLS + SYMBOLS_BYTES;
export const CONTEXT_BYTES: u64 = CONTEXT_VALUES;

// @ts-ignore: decorator
@unmanaged
export class Context {
  model: Model;
  /** Entry that has begun, or −1. */
  entry: i32;
  /** Addresses of the regions. */
  region0: usize;
  region1: usize;
  region2: usize;
  region3: usize;
  region4: usize;
  region5: usize;
  /** Tells that these bytes are an instance. */
  magic: u32;
  /** Of the model when the instance was made. */
  generation: u32;
  /** Instruction up to which the entry has run. */
  next: u32;

  /** The instruction that is running. */
  // @ts-ignore: decorator
  @inline
  get instruction(): Instruction {
    return changetype<Instruction>(changetype<usize>(this));
  }

  region(where: u32): usize {
    return load<u32>(changetype<usize>(this) + (<usize> where << 2), offsetof<Context>("region0"));
  }

  setRegion(where: u32, address: usize): void {
    store<usize>(
      changetype<usize>(this) + (<usize> where << 2),
      address,
      offsetof<Context>("region0"),
    );
  }

  /** Values of the symbols for the next run, i32 each. */
  // @ts-ignore: decorator
  @inline
  get symbols(): usize {
    return changetype<usize>(this) + CONTEXT_SYMBOLS;
  }

  // @ts-ignore: decorator
  @inline
  symbol(index: u32): i32 {
    return load<i32>(this.symbols + (<usize> index << 2));
  }

  // @ts-ignore: decorator
  @inline
  setSymbol(index: u32, value: i32): void {
    store<i32>(this.symbols + (<usize> index << 2), value);
  }

  /** Values of the expressions, i32 each. */
  // @ts-ignore: decorator
  @inline
  get values(): usize {
    return changetype<usize>(this) + CONTEXT_VALUES;
  }

  // @ts-ignore: decorator
  @inline
  value(expression: u32): i32 {
    return load<i32>(this.values + (<usize> expression << 2));
  }
}

/** `FWIN`. */
export const INSTANCE_MAGIC: u32 = 0x4E495746;

/** Whether `bytes` from an aligned address on are memory that a host may use. */
export function isMemory(address: usize, bytes: u64): bool {
  return (address & 255) == 0 && address >= __heap_base &&
    <u64> address + bytes <= <u64> memory.size() << 16;
}

/** Whether an instance was made here, of a model that is still there. */
export function isInstance(context: Context): bool {
  if (!isMemory(changetype<usize>(context), CONTEXT_BYTES) || context.magic != INSTANCE_MAGIC) {
    return false;
  }
  const model = context.model;
  return model.stage == READY && model.generation == context.generation;
}

/** Gives a run-time symbol its value for the next run. */
export function setSymbol(context: Context, index: u32, value: i32): i32 {
  const model = context.model;
  if (index >= model.symbolsCount) return VERDICT_BAD_ARGUMENT;
  const symbol = model.symbolValue(index);
  if (value < symbol.min || value > symbol.max) return VERDICT_BAD_ARGUMENT;
  context.setSymbol(index, value);
  return 0;
}

/** Address of a tensor, 0 for an unknown one. */
export function addressOf(context: Context, index: u32): usize {
  const model = context.model;
  if (index >= model.tensorsCount) return 0;
  const offset = <usize> model.info(index).offset;
  return context.region(model.tensor(index).region) + offset;
}

/** Address of the initial bytes, decoded, of a stored tensor; 0 where they are zero or there are none. */
export function initialAddress(model: Model, index: u32): usize {
  const tensor = model.tensor(index);
  if (tensor.region > REGION_STATE || tensor.encoding == ENCODING_ZERO) return 0;
  return model.segmentAddress(tensor.region) + <usize> model.info(index).offset;
}

/** Extent of a tensor at the present values of the symbols; 1 beyond its rank. */
export function extentOf(context: Context, index: u32, axis: u32): i32 {
  const model = context.model;
  if (index >= model.tensorsCount) return 1;
  const tensor = model.tensor(index);
  if (axis >= tensor.rank) return 1;
  // Not the values of the run that has begun: these symbols may be those of the next one.
  return evaluate(model, tensor.extent(axis), context.symbols);
}

/** Bytes of a tensor at the present values of the symbols. */
export function bytesOf(context: Context, index: u32): u32 {
  const model = context.model;
  if (index >= model.tensorsCount) return 0;
  return <u32> layoutBytes(
    model.tensor(index),
    extentOf(context, index, 0),
    extentOf(context, index, 1),
    extentOf(context, index, 2),
    extentOf(context, index, 3),
  );
}
