// y[b][i] = x[b][index[i]]; the index is checked where it enters (0 ≤ index < R).
import { GatherRows } from "../generated/ops/gather_rows";

export function scratch_gather_rows(_op: GatherRows): usize {
  return 0;
}

export function exec_gather_rows(op: GatherRows): void {
  const x = op.x, index = op.index, y = op.y;
  const bytes = <usize> x.columns * x.elementBytes, count = index.columns;
  let from = x.address, to = y.address;
  for (let b = x.extent(0); b > 0; b--, from += <usize> x.extent(1) * x.stride) {
    for (let i = 0; i < count; i++, to += y.stride) {
      memory.copy(to, from + <usize> load<u32>(index.address + (<usize> i << 2)) * x.stride, bytes);
    }
  }
}
