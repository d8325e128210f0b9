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

/** A row, or several without anything in between; `column` is all of b where b is one element. */
// @ts-ignore: decorator
@inline
function row(kind: i32, a: usize, b: usize, y: usize, n: i32, column: v128, single: bool): void {
  for (; n >= 8; n -= 8, a += 32, b += 32, y += 32) {
    const low = apply(kind, v128.load(a), single ? column : v128.load(b));
    const high = apply(kind, v128.load(a, 16), single ? column : v128.load(b, 16));
    v128.store(y, low);
    v128.store(y, high, 16);
  }
  for (; n > 0; n -= 4, a += 16, b += 16, y += 16) {
    store_words(y, apply(kind, v128.load(a), single ? column : v128.load(b)), n);
  }
}

/** All rows; those of b come round. The kind is a constant, so that no loop asks for it. */
// @ts-ignore: decorator
@inline
function rows(kind: i32, op: BinaryF32): void {
  const a = op.a, b = op.b, y = op.y;
  let n = a.columns, count = a.rows, left = a.address, to = y.address;
  const single = b.columns == 1, bytes = <usize> n << 2;
  const dense = a.stride == bytes && y.stride == bytes;
  if (dense && (single ? b.rows == 1 : b.rows == count && b.stride == bytes)) n *= count, count = 1;
  const first = b.address, end = first + <usize> b.rows * b.stride;
  for (let right = first; count > 0; count--, left += a.stride, to += y.stride) {
    if (single) row(kind, left, right, to, n, v128.load32_splat(right), true);
    else row(kind, left, right, to, n, f32x4.splat(0), false);
    right += b.stride;
    if (right == end) right = first;
  }
}

export function exec_binary_f32(op: BinaryF32): void {
  const kind = op.binary;
  if (kind == BINARY_ADD) rows(BINARY_ADD, op);
  else if (kind == BINARY_SUBTRACT) rows(BINARY_SUBTRACT, op);
  else if (kind == BINARY_MULTIPLY) rows(BINARY_MULTIPLY, op);
  else rows(kind, op);
}
