// y[s] = Σ x[t] over the tokens t of sequence s in order (i32, wrapping, or f32 from +0), or its first row; zeros for none.
// offsets are checked where they enter.
// Floats in *: it has a float32 type beside its integer ones.
import { POOLING_FIRST } from "../generated/attributes";
import { DTYPE_F32, DTYPE_I16 } from "../generated/format";
import { PoolRows } from "../generated/ops/pool_rows";
import { store_words } from "../kernels/tail";

export function scratch_pool_rows(_op: PoolRows): usize {
  return 0;
}

export function exec_pool_rows(op: PoolRows): void {
  const x = op.x, offsets = op.offsets, y = op.y;
  const type = x.dtype, n = x.columns, is_first = op.pooling == POOLING_FIRST;
  let to = y.address;
  for (let s = 1; s < offsets.columns; s++, to += y.stride) {
    const bound = offsets.address + (<usize> s << 2), first = load<i32>(bound - 4);
    let end = load<i32>(bound);
    if (is_first) end = min(end, first + 1);
    const from = x.address + <usize> first * x.stride;
    for (let i = 0; i < n; i += 4) {
      let at = from + <usize> i * x.elementBytes, sum = i32x4.splat(0);
      for (let t = first; t < end; t++, at += x.stride) {
        if (type == DTYPE_F32) sum = f32x4.add(sum, v128.load(at));
        else if (type == DTYPE_I16) sum = i32x4.add(sum, v128.load16x4_s(at));
        else sum = i32x4.add(sum, i32x4.extend_low_i16x8_s(v128.load8x8_s(at)));
      }
      store_words(to + (<usize> i << 2), sum, n - i);
    }
  }
}
