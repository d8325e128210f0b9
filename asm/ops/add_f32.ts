// y = fl32(a + b); row r of y uses row r mod (rows of b).
import { AddF32 } from "../generated/ops/add_f32";
import { store_words } from "../kernels/tail";

export function scratch_add_f32(_op: AddF32): usize {
  return 0;
}

export function exec_add_f32(op: AddF32): void {
  const a = op.a, b = op.b, y = op.y;
  const n = a.columns;
  let left = a.address, to = y.address;
  for (let r = 0; r < a.rows; r++, left += a.stride, to += y.stride) {
    const right = b.address + <usize> (r % b.rows) * b.stride;
    for (let i = 0; i < n; i += 4) {
      const at = <usize> i << 2;
      store_words(
        to + at,
        f32x4.add(v128.load(left + at), v128.load(right + at)),
        n - i,
      );
    }
  }
}
