// y = f(x): ../kernels/functions_f32.ts.
import { UnaryF32 } from "../generated/ops/unary_f32";
import { UNARY_RELU } from "../generated/attributes";
import { unary_value } from "../kernels/functions_f32";
import { store_words } from "../kernels/tail";

export function scratch_unary_f32(_op: UnaryF32): usize {
  return 0;
}

/** The one that is a single operation, for which asking and storing with care take longer. */
function relu(from: usize, to: usize, n: i32): void {
  const zero = f32x4.splat(0);
  for (; n >= 8; n -= 8, from += 32, to += 32) {
    v128.store(to, f32x4.pmax(v128.load(from), zero));
    v128.store(to, f32x4.pmax(v128.load(from, 16), zero), 16);
  }
  for (; n > 0; n -= 4, from += 16, to += 16) {
    store_words(to, f32x4.pmax(v128.load(from), zero), n);
  }
}

export function exec_unary_f32(op: UnaryF32): void {
  const x = op.x, y = op.y, kind = op.unary;
  let n = x.columns, count = x.rows, from = x.address, to = y.address;
  const bytes = <usize> n << 2;
  if (x.stride == bytes && y.stride == bytes) n *= count, count = 1;
  for (; count > 0; count--, from += x.stride, to += y.stride) {
    if (kind == UNARY_RELU) {
      relu(from, to, n);
      continue;
    }
    for (let i = 0; i < n; i += 4) {
      const at = <usize> i << 2;
      store_words(to + at, unary_value(kind, v128.load(from + at)), n - i);
    }
  }
}
