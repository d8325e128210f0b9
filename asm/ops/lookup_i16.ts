// y = table[clamp(x, −2048, 2047) + 2048]
import { LookupI16 } from "../generated/ops/lookup_i16";
import { load_entries } from "../kernels/entries_i16";
import { store_first } from "../kernels/tail";

export function scratch_lookup_i16(_op: LookupI16): usize {
  return 16;
}

export function exec_lookup_i16(op: LookupI16): void {
  const x = op.x, y = op.y, middle = op.table.address + 4096;
  let from = x.address, to = y.address;
  for (let r = x.rows; r > 0; r--, from += x.stride, to += y.stride) {
    for (let left = x.columns, p = from, q = to; left > 0; left -= 8, p += 16, q += 16) {
      load_entries(middle, p, op.scratch);
      store_first(q, v128.load(op.scratch), left << 1);
    }
  }
}
