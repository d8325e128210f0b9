// Names of symbols, tensors and entries: look-up, and a hash table that finds doubles.
import { NONE, REGION_ARENA, REGION_CONSTANT } from "./generated/format";
import { count, ENTRIES, NAMES, region, SYMBOLS, TEMPORARY, TENSORS, word } from "./model";
import { RECORD_ENTRIES, RECORD_SYMBOLS, RECORD_TENSORS } from "./generated/format";

/** Whether the record has no name. */
// @ts-ignore: decorator
@inline
export function isUnnamed(record: usize): bool {
  return load<u32>(record, 4) == 0;
}

function same(a: usize, b: usize, bytes: u32): bool {
  for (let i: u32 = 0; i < bytes; i++) if (load<u8>(a + i) != load<u8>(b + i)) return false;
  return true;
}

/** Whether two records (which begin with offset and length of a name) have the same name. */
export function sameName(model: usize, a: usize, b: usize): bool {
  const names = <usize> word(model, NAMES);
  const bytes = load<u32>(a, 4);
  return bytes == load<u32>(b, 4) && same(names + load<u32>(a), names + load<u32>(b), bytes);
}

/** Tensors with names of their own. */
// @ts-ignore: decorator
@inline
export function isNamed(tensor: usize): bool {
  return region(tensor) != REGION_CONSTANT && region(tensor) != REGION_ARENA;
}

/** Empties the hash table. */
export function clearNames(model: usize): void {
  memory.fill(<usize> word(model, TEMPORARY), 0, <usize> tableWords(model) << 2);
}

function tableWords(model: usize): u32 {
  // A power of two, at least two and at most four words for each tensor.
  return <u32> 4 << (31 - clz<u32>(count(model, TENSORS) | 1));
}

/** Adds tensor `index`; returns whether its name was there already. */
export function addName(model: usize, record: usize, index: u32): bool {
  const table = <usize> word(model, TEMPORARY);
  const tensors = <usize> word(model, TENSORS);
  const name = <usize> word(model, NAMES) + load<u32>(record);
  let hash: u32 = 0x811C9DC5;
  for (let i: u32 = 0, n = load<u32>(record, 4); i < n; i++) {
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
    if (sameName(model, record, tensors + <usize> (other - 1) * RECORD_TENSORS)) return true;
    at = (at + 1) & mask;
  }
  return false;
}

/** Index of a symbol (kind 0), tensor (1) or entry (2) with that name, or −1. */
export function findName(model: usize, kind: u32, name: usize, bytes: u32): i32 {
  const table: usize = kind == 0 ? SYMBOLS : kind == 1 ? TENSORS : ENTRIES;
  const size: usize = kind == 0 ? RECORD_SYMBOLS : kind == 1 ? RECORD_TENSORS : RECORD_ENTRIES;
  if (kind > 2) return -1;
  const names = <usize> word(model, NAMES);
  let record = <usize> word(model, table);
  for (let i: u32 = 0, n = count(model, table); i < n; i++, record += size) {
    if (kind == 1 && !isNamed(record)) continue;
    if (load<u32>(record) == NONE || load<u32>(record, 4) != bytes) continue;
    if (same(names + load<u32>(record), name, bytes)) return i;
  }
  return -1;
}
