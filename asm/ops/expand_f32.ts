// y[a][b] = x[a].
import { ExpandF32 } from "../generated/ops/expand_f32";

export function scratch_expand_f32(_op: ExpandF32): usize {
  return 0;
}

export function exec_expand_f32(op: ExpandF32): void {
  const x = op.x, y = op.y;
  const bytes = <usize> x.columns << 2;
  let from = x.address, to = y.address;
  for (let a = x.rows; a > 0; a--, from += x.stride) {
    for (let b = y.extent1; b > 0; b--, to += y.stride) memory.copy(to, from, bytes);
  }
}
