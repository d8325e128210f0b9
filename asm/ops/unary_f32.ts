// y = f(x): ../kernels/functions_f32.ts.
import { UnaryF32 } from "../generated/ops/unary_f32";
import { unary_value } from "../kernels/functions_f32";
import { store_words } from "../kernels/tail";

export function scratch_unary_f32(_op: UnaryF32): usize {
  return 0;
}

export function exec_unary_f32(op: UnaryF32): void {
  const x = op.x, y = op.y, kind = op.unary;
  const n = x.columns;
  let from = x.address, to = y.address;
  for (let r = x.rows; r > 0; r--, from += x.stride, to += y.stride) {
    for (let i = 0; i < n; i += 4) {
      const at = <usize> i << 2;
      store_words(to + at, unary_value(kind, v128.load(from + at)), n - i);
    }
  }
}
