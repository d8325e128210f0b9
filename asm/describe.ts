// What a host may ask about a model once `model_load` has decoded it: names, types, roles, metadata.
// What is not there is 0, as a size or an address, or bad_argument, as a number that may be 0.
import { findSection } from "./decode";
import { TAG_METADATA, VERDICT_BAD_ARGUMENT } from "./generated/format";
import { Named, Section } from "./generated/records";
import { isModel, isPlanned } from "./loading";
import { Model } from "./model";
import { recordOf } from "./names";

/** Record of a symbol (kind 0), tensor (1) or entry (2), or null where there is none. */
function named(model: Model, kind: u32, index: u32): Named {
  return isModel(model) ? recordOf(model, kind, index) : changetype<Named>(0);
}

/** Bytes of a name; 0 where there is none. */
export function name_bytes(model: Model, kind: u32, index: u32): u32 {
  const record = named(model, kind, index);
  return changetype<usize>(record) ? record.nameBytes : 0;
}

/** Where a name is; 0 where there is none. */
export function name_address(model: Model, kind: u32, index: u32): u32 {
  return name_bytes(model, kind, index)
    ? model.namesAddress + named(model, kind, index).nameOffset
    : 0;
}

/** Whether a symbol gets its value when the program is loaded (0) or before each run (1). */
export function symbol_kind(model: Model, symbol: u32): i32 {
  return isModel(model) && symbol < model.symbolsCount
    ? model.symbol(symbol).kind
    : -VERDICT_BAD_ARGUMENT;
}

// @ts-ignore: decorator
@inline
function isTensor(model: Model, tensor: u32): bool {
  return isModel(model) && tensor < model.tensorsCount;
}

/** Region of a tensor, which is its role: `REGION_…`. */
export function tensor_region(model: Model, tensor: u32): i32 {
  return isTensor(model, tensor) ? model.tensor(tensor).region : -VERDICT_BAD_ARGUMENT;
}

/** Type of its elements: `DTYPE_…`. */
export function tensor_dtype(model: Model, tensor: u32): i32 {
  return isTensor(model, tensor) ? model.tensor(tensor).dtype : -VERDICT_BAD_ARGUMENT;
}

/** Number of its extents. */
export function tensor_rank(model: Model, tensor: u32): i32 {
  return isTensor(model, tensor) ? model.tensor(tensor).rank : -VERDICT_BAD_ARGUMENT;
}

/** Whether an entry names a tensor; known once the program is planned. */
export function entry_uses(model: Model, entry: u32, tensor: u32): i32 {
  if (!isPlanned(model) || tensor >= model.tensorsCount || entry >= model.entriesCount) {
    return -VERDICT_BAD_ARGUMENT;
  }
  return <i32> (model.info(tensor).entries >> entry) & 1;
}

/** The section of the metadata, or null. */
function metadata(model: Model): Section {
  return isModel(model)
    ? findSection(model.head, TAG_METADATA, model.head.sections)
    : changetype<Section>(0);
}

/** Where the metadata is. */
export function metadata_address(model: Model): u32 {
  const section = metadata(model);
  return changetype<usize>(section) ? <u32> changetype<usize>(model.head) + section.offset : 0;
}

/** Bytes of the metadata. */
export function metadata_bytes(model: Model): u32 {
  const section = metadata(model);
  return changetype<usize>(section) ? section.bytes : 0;
}
