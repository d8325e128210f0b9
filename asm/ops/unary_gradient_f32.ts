// dx = dy·f'(x): ../kernels/functions_f32.ts.
import { UnaryGradientF32 } from "../generated/ops/unary_gradient_f32";
import { UNARY_RELU } from "../generated/attributes";
import { unary_slope } from "../kernels/functions_f32";
import { store_words } from "../kernels/tail";

export function scratch_unary_gradient_f32(_op: UnaryGradientF32): usize {
  return 0;
}

// @ts-ignore: decorator
@inline
function relu_product(from: usize, other: usize): v128 {
  const slope = v128.and(f32x4.splat(1), f32x4.gt(v128.load(from), f32x4.splat(0)));
  return f32x4.mul(v128.load(other), slope);
}

/** dy times 1 or 0. */
function relu(from: usize, other: usize, to: usize, n: i32): void {
  for (; n >= 8; n -= 8, from += 32, other += 32, to += 32) {
    v128.store(to, relu_product(from, other));
    v128.store(to, relu_product(from + 16, other + 16), 16);
  }
  for (; n > 0; n -= 4, from += 16, other += 16, to += 16) {
    store_words(to, relu_product(from, other), n);
  }
}

export function exec_unary_gradient_f32(op: UnaryGradientF32): void {
  const x = op.x, dy = op.dy, dx = op.dx, kind = op.unary;
  let n = x.columns, count = x.rows, from = x.address, other = dy.address, to = dx.address;
  const bytes = <usize> n << 2;
  if (x.stride == bytes && dy.stride == bytes && dx.stride == bytes) n *= count, count = 1;
  for (; count > 0; count--, from += x.stride, other += dy.stride, to += dx.stride) {
    if (kind == UNARY_RELU) {
      relu(from, other, to, n);
      continue;
    }
    for (let i = 0; i < n; i += 4) {
      const at = <usize> i << 2;
      const slope = unary_slope(kind, v128.load(from + at));
      store_words(to + at, f32x4.mul(v128.load(other + at), slope), n - i);
    }
  }
}
