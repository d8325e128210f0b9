// Names of symbols, tensors and entries: look-up, and a hash table that finds doubles.
import { NONE, REGION_ARENA, REGION_CONSTANT } from "./generated/format";
import { EntryRecord, Named, SymbolRecord, TensorRecord } from "./generated/records";
import { Model } from "./model";

/** Whether the record has no name. */
// @ts-ignore: decorator
@inline
export function isUnnamed(record: Named): bool {
  return record.nameBytes == 0;
}

function same(a: usize, b: usize, bytes: u32): bool {
  for (let i: u32 = 0; i < bytes; i++) if (load<u8>(a + i) != load<u8>(b + i)) return false;
  return true;
}

/** Whether two records have the same name. */
export function sameName(model: Model, a: Named, b: Named): bool {
  const names = model.namesAddress;
  const bytes = a.nameBytes;
  return bytes == b.nameBytes && same(names + a.nameOffset, names + b.nameOffset, bytes);
}

/** Tensors with names of their own. */
// @ts-ignore: decorator
@inline
export function isNamed(tensor: TensorRecord): bool {
  return tensor.region != REGION_CONSTANT && tensor.region != REGION_ARENA;
}

/** Empties the hash table. */
export function clearNames(model: Model): void {
  memory.fill(model.temporary, 0, <usize> tableWords(model) << 2);
}

function tableWords(model: Model): u32 {
  // A power of two, at least two and at most four words for each tensor.
  return <u32> 4 << (31 - clz<u32>(model.tensorsCount | 1));
}

/** Adds tensor `index`; returns whether its name was there already. */
export function addName(model: Model, record: Named, index: u32): bool {
  const table = model.temporary;
  const name = model.namesAddress + record.nameOffset;
  let hash: u32 = 0x811C9DC5;
  for (let i: u32 = 0, n = record.nameBytes; i < n; i++) {
    hash = (hash ^ load<u8>(name + i)) * 0x01000193;
  }
  const mask = tableWords(model) - 1;
  let at = hash & mask;
  // The table is never full, so the search ends.
  while (true) {
    const slot = table + (<usize> at << 2);
    const other = load<u32>(slot);
    if (other == 0) {
      store<u32>(slot, index + 1);
      return false;
    }
    if (sameName(model, record, model.tensor(other - 1))) return true;
    at = (at + 1) & mask;
  }
  return false;
}

/** Record `index` of the symbols (kind 0), tensors (1) or entries (2), or null. */
export function recordOf(model: Model, kind: u32, index: u32): Named {
  const table = kind == 0 ? model.symbols : kind == 1 ? model.tensors : model.entries;
  if (kind > 2 || index >= table.count) return changetype<Named>(0);
  const size = kind == 0
    ? offsetof<SymbolRecord>()
    : kind == 1
    ? offsetof<TensorRecord>()
    : offsetof<EntryRecord>();
  return changetype<Named>(table.address + <usize> index * size);
}

/** Index of a symbol (kind 0), tensor (1) or entry (2) with that name, or −1. */
export function findName(model: Model, kind: u32, name: usize, bytes: u32): i32 {
  for (let i: u32 = 0;; i++) {
    const record = recordOf(model, kind, i);
    if (!changetype<usize>(record)) return -1;
    if (kind == 1 && !isNamed(changetype<TensorRecord>(record))) continue;
    if (record.nameOffset == NONE || record.nameBytes != bytes) continue;
    if (same(model.namesAddress + record.nameOffset, name, bytes)) return i;
  }
  return -1;
}
