// y = f(a, b), rounded; row r of y uses row r mod (rows of b), every column the one that b has, if it has one.
import {
  BINARY_ADD,
  BINARY_DIVIDE,
  BINARY_MAXIMUM,
  BINARY_MINIMUM,
  BINARY_MULTIPLY,
  BINARY_SUBTRACT,
} from "../generated/attributes";
import { BinaryF32 } from "../generated/ops/binary_f32";
import { store_words } from "../kernels/tail";

export function scratch_binary_f32(_op: BinaryF32): usize {
  return 0;
}

// @ts-ignore: decorator
@inline
function apply(kind: i32, a: v128, b: v128): v128 {
  switch (kind) {
    case BINARY_ADD:
      return f32x4.add(a, b);
    case BINARY_SUBTRACT:
      return f32x4.sub(a, b);
    case BINARY_MULTIPLY:
      return f32x4.mul(a, b);
    case BINARY_DIVIDE:
      return f32x4.div(a, b);
    case BINARY_MINIMUM:
      return f32x4.pmin(a, b);
    case BINARY_MAXIMUM:
      return f32x4.pmax(a, b);
  }
  return v128.and(f32x4.splat(1), f32x4.lt(a, b));
}

export function exec_binary_f32(op: BinaryF32): void {
  const a = op.a, b = op.b, y = op.y, kind = op.binary;
  const n = a.columns, single = b.columns == 1;
  let left = a.address, to = y.address;
  for (let r = 0; r < a.rows; r++, left += a.stride, to += y.stride) {
    const right = b.address + <usize> (r % b.rows) * b.stride;
    const column = v128.load32_splat(right);
    for (let i = 0; i < n; i += 4) {
      const at = <usize> i << 2;
      const other = single ? column : v128.load(right + at);
      store_words(to + at, apply(kind, v128.load(left + at), other), n - i);
    }
  }
}
