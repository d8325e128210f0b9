// y = y + x: i32 wraps, f32 rounds.
// Floats in *: it has a float32 type beside its integer one.
import { DTYPE_F32 } from "../generated/format";
import { Accumulate } from "../generated/ops/accumulate";
import { store_words } from "../kernels/tail";

export function scratch_accumulate(_op: Accumulate): usize {
  return 0;
}

export function exec_accumulate(op: Accumulate): void {
  const x = op.x, y = op.y;
  const n = x.columns, real = x.dtype == DTYPE_F32;
  let from = x.address, to = y.address;
  for (let r = x.rows; r > 0; r--, from += x.stride, to += y.stride) {
    for (let i = 0; i < n; i += 4) {
      const at = <usize> i << 2, a = v128.load(to + at), b = v128.load(from + at);
      store_words(to + at, real ? f32x4.add(a, b) : i32x4.add(a, b), n - i);
    }
  }
}
