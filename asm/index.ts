// What the module exports; see `wasm/fewbit.h`. A negative status is a verdict
// (`src/program/verdict.ts`), negated. Pointers are byte offsets, everything is little-endian, there
// are no imports, and memory is only grown by the host.
import { canonicalizeTensor } from "./canonical_nan";
import {
  addressOf,
  bytesOf,
  Context,
  extentOf,
  initialAddress,
  isInstance,
  setSymbol,
} from "./context";
import { FEATURE_TRITS, VERDICT_BAD_ARGUMENT, VERDICT_NOT_FOUND } from "./generated/format";
import { copyInstance, initialise, resetState } from "./instance";
import { beginEntry, runPart, runSlice } from "./interpreter";
import { isModel, isPlanned } from "./loading";
import { Model } from "./model";
import { findName } from "./names";
import { selfTest } from "./selftest";

/** Version of these exports. */
export function abi_version(): i32 {
  return 4;
}

// What a host calls out of order, or with an address at which nothing is, does nothing: it returns
// bad_argument, or 0 where an address, a size or a count is asked for.

/** 0 where the build computes right on this host. */
export function selftest(): i32 {
  return selfTest();
}

/** What the dot product computes on this host: `DOT_…`. */
export { dot_form } from "./kernels/dot_answer";

/** Required features of files that this module knows: bits of `FEWBIT_FEATURE_…`. */
export function features(): u32 {
  return FEATURE_TRITS;
}

/** First byte, at a multiple of 256, that the host may use. */
export function heap_base(): u32 {
  return <u32> ((__heap_base + 255) & ~255);
}

export {
  entry_uses,
  metadata_address,
  metadata_bytes,
  name_address,
  name_bytes,
  symbol_kind,
  tensor_dtype,
  tensor_rank,
  tensor_region,
} from "./describe";

export {
  model_dot,
  model_end,
  model_load,
  model_plan,
  model_ready,
  model_size,
  model_symbol,
  segment_address,
  segment_bytes,
  trits_address,
  trits_bytes,
  trits_capacity,
  trits_push,
} from "./loading";

export function symbol_count(model: Model): u32 {
  return isModel(model) ? model.symbolsCount : 0;
}

export function tensor_count(model: Model): u32 {
  return isModel(model) ? model.tensorsCount : 0;
}

export function entry_count(model: Model): u32 {
  return isModel(model) ? model.entriesCount : 0;
}

/** Instructions of an entry. */
export function entry_length(model: Model, entry: u32): u32 {
  return entry < entry_count(model) ? model.entry(entry).instructions : 0;
}

/** Least value of a symbol. Of a load-time one, once planned, it is the value. */
export function symbol_min(model: Model, index: u32): i32 {
  return index < symbol_count(model) ? model.symbolValue(index).min : 0;
}

/** Largest value of a symbol. */
export function symbol_max(model: Model, index: u32): i32 {
  return index < symbol_count(model) ? model.symbolValue(index).max : 0;
}

/** Value of a load-time symbol, default of a run-time one. */
export function symbol_value(model: Model, index: u32): i32 {
  return index < symbol_count(model) ? model.symbolValue(index).value : 0;
}

/** Index of the symbol (kind 0), tensor (1) or entry (2) of that name. */
export function find(model: Model, kind: u32, name: usize, name_bytes: u32): i32 {
  if (!isModel(model) || <u64> name + name_bytes > <u64> memory.size() << 16) {
    return -VERDICT_BAD_ARGUMENT;
  }
  const index = findName(model, kind, name, name_bytes);
  return index < 0 ? -VERDICT_NOT_FOUND : index;
}

/** Bytes that an instance needs, at a multiple of 256. */
export function instance_size(model: Model): u32 {
  return isPlanned(model) ? model.instanceBytes : 0;
}

/** Sets up an instance: parameters and state have their initial bytes. */
export function instance_init(model: Model, context: Context): i32 {
  return isModel(model) ? -initialise(model, context) : -VERDICT_BAD_ARGUMENT;
}

/** Sets up an instance with the parameters and state of another. */
export function instance_copy(from: Context, to: Context): i32 {
  return isInstance(from) ? -copyInstance(from, to) : -VERDICT_BAD_ARGUMENT;
}

/** Gives the state its initial bytes. */
export function instance_reset(context: Context): i32 {
  if (!isInstance(context)) return -VERDICT_BAD_ARGUMENT;
  resetState(context);
  return 0;
}

/** Gives a run-time symbol its value from the next `begin` on. */
export function symbol_set(context: Context, index: u32, value: i32): i32 {
  return isInstance(context) ? -setSymbol(context, index, value) : -VERDICT_BAD_ARGUMENT;
}

/** Address of a tensor (valid for what outlives a run, inputs and outputs). */
export function tensor_address(context: Context, tensor: u32): u32 {
  return isInstance(context) ? <u32> addressOf(context, tensor) : 0;
}

/** Bytes of a tensor at the present values of the symbols. */
export function tensor_bytes(context: Context, tensor: u32): u32 {
  return isInstance(context) ? bytesOf(context, tensor) : 0;
}

/** Bytes of a tensor at the largest values of the symbols. */
export function tensor_capacity(context: Context, tensor: u32): u32 {
  if (!isInstance(context)) return 0;
  const model = context.model;
  return tensor < model.tensorsCount ? model.info(tensor).bytes : 0;
}

/** Address of the initial bytes of a constant, parameter or state; 0 where they are zero. */
export function tensor_initial(model: Model, tensor: u32): u32 {
  return isPlanned(model) && tensor < model.tensorsCount ? <u32> initialAddress(model, tensor) : 0;
}

/** Extent of a tensor at the present values of the symbols; 1 beyond its rank. */
export function tensor_extent(context: Context, tensor: u32, axis: u32): u32 {
  return isInstance(context) ? extentOf(context, tensor, axis) : 0;
}

/** Makes the NaNs of a float32 tensor canonical, as those of outputs are at the end of an entry. */
export function canonicalize(context: Context, tensor: u32): i32 {
  if (!isInstance(context)) return -VERDICT_BAD_ARGUMENT;
  canonicalizeTensor(context, tensor);
  return 0;
}

/** Begins an entry once its symbols are set and its inputs are written. */
export function begin(context: Context, entry: u32): i32 {
  return isInstance(context) ? -beginEntry(context, entry) : -VERDICT_BAD_ARGUMENT;
}

/** Runs up to `count` instructions from `first` on; returns the next one. */
export function run(context: Context, entry: u32, first: u32, count: u32): i32 {
  return isInstance(context) ? runSlice(context, entry, first, count) : -VERDICT_BAD_ARGUMENT;
}

/** Runs a part of one instruction; the parts may run in any order, each once. */
export function run_part(context: Context, entry: u32, index: u32, part: u32, parts: u32): i32 {
  return isInstance(context) ? -runPart(context, entry, index, part, parts) : -VERDICT_BAD_ARGUMENT;
}
