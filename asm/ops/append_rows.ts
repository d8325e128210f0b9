// For each sequence s and token t of it (rows offsets[s] + t of x): cache[slot[s]][(past[s] + t) mod R] = that row.
// offsets, slot and past are checked where they enter.
import { address, columns, elementBytes, extent, operand, stride } from "../operand";

export function scratch_append_rows(_context: usize): usize {
  return 0;
}

export function exec_append_rows(context: usize): void {
  const x = operand(context, 0), cache = operand(context, 4);
  const offsets = address(operand(context, 1)), slots = operand(context, 2), past = address(operand(context, 3));
  const bytes = <usize> columns(x) * elementBytes(x), ring = <u32> extent(cache, 1);
  for (let s = 0; s < columns(slots); s++) {
    const at = <usize> s << 2;
    const first = load<i32>(offsets + at), last = load<i32>(offsets + at, 4);
    const base = address(cache) + <usize> (load<u32>(address(slots) + at) * ring) * stride(cache);
    let position = load<u32>(past + at) % ring;
    for (let t = first; t < last; t++) {
      memory.copy(base + <usize> position * stride(cache), address(x) + <usize> t * stride(x), bytes);
      if (++position == ring) position = 0;
    }
  }
}
