// dx = dy·f'(x): ../kernels/functions_f32.ts.
import { UnaryGradientF32 } from "../generated/ops/unary_gradient_f32";
import { unary_slope } from "../kernels/functions_f32";
import { store_words } from "../kernels/tail";

export function scratch_unary_gradient_f32(_op: UnaryGradientF32): usize {
  return 0;
}

export function exec_unary_gradient_f32(op: UnaryGradientF32): void {
  const x = op.x, dy = op.dy, dx = op.dx, kind = op.unary;
  const n = x.columns;
  let from = x.address, other = dy.address, to = dx.address;
  for (let r = x.rows; r > 0; r--, from += x.stride, other += dy.stride, to += dx.stride) {
    for (let i = 0; i < n; i += 4) {
      const at = <usize> i << 2;
      const slope = unary_slope(kind, v128.load(from + at));
      store_words(to + at, f32x4.mul(v128.load(other + at), slope), n - i);
    }
  }
}
