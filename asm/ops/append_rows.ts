// For each sequence s and token t of it (rows offsets[s] + t of x): cache[slot[s]][(past[s] + t) mod R] = that row.
// offsets, slot and past are checked where they enter.
import { AppendRows } from "../generated/ops/append_rows";

export function scratch_append_rows(_op: AppendRows): usize {
  return 0;
}

export function exec_append_rows(op: AppendRows): void {
  const x = op.x, cache = op.cache;
  const offsets = op.offsets.address, slots = op.slot, past = op.past.address;
  const bytes = <usize> x.columns * x.elementBytes, ring = <u32> cache.extent(1);
  for (let s = 0; s < slots.columns; s++) {
    const at = <usize> s << 2;
    const first = load<i32>(offsets + at), last = load<i32>(offsets + at, 4);
    const base = cache.address + <usize> (load<u32>(slots.address + at) * ring) * cache.stride;
    let position = load<u32>(past + at) % ring;
    for (let t = first; t < last; t++) {
      memory.copy(base + <usize> position * cache.stride, x.address + <usize> t * x.stride, bytes);
      if (++position == ring) position = 0;
    }
  }
}
