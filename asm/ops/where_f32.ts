// y = a where the condition is not 0, else b; the condition may repeat as b in binary_f32.
import { WhereF32 } from "../generated/ops/where_f32";
import { store_words } from "../kernels/tail";

export function scratch_where_f32(_op: WhereF32): usize {
  return 0;
}

export function exec_where_f32(op: WhereF32): void {
  const a = op.a, b = op.b, condition = op.condition, y = op.y;
  const n = a.columns, single = condition.columns == 1;
  let left = a.address, right = b.address, to = y.address;
  for (let r = 0; r < a.rows; r++, left += a.stride, right += b.stride, to += y.stride) {
    const choice = condition.address + <usize> (r % condition.rows) * condition.stride;
    for (let i = 0; i < n; i += 4) {
      const at = <usize> i << 2;
      const chosen = single ? v128.load32_splat(choice) : v128.load(choice + at);
      const mask = f32x4.ne(chosen, f32x4.splat(0));
      store_words(
        to + at,
        v128.bitselect(v128.load(left + at), v128.load(right + at), mask),
        n - i,
      );
    }
  }
}
