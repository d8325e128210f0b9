// Row of C float32, every operation rounded, sums as in ../kernels/f32_math.ts:
//
//   mean = (Σx) / C;  var = (Σ (x − mean)·(x − mean)) / C;  r = 1 / √(var + epsilon)
//   y = ((x − mean)·r)·gamma [+ beta]
import { address, columns, operand, rows, stride } from "../operand";
import { load_floats, tree_sum } from "../kernels/f32_math";
import { mask_first } from "../kernels/pack";
import { store_first } from "../kernels/tail";

export function scratch_layer_norm_f32(_context: usize): usize {
  return 0;
}

export function exec_layer_norm_f32(context: usize): void {
  const x = operand(context, 0), gamma = address(operand(context, 1)), beta = address(operand(context, 2)), y = operand(context, 4);
  const epsilon = load<f32>(address(operand(context, 3)));
  const n = columns(x), count = <f32> n;
  let from = address(x), to = address(y);
  for (let r = rows(x); r > 0; r--, from += stride(x), to += stride(y)) {
    const mean = f32x4.splat(sum_row(from, n) / count);
    const variance = squares_row(from, n, mean) / count;
    const factor = f32x4.splat(<f32> 1 / sqrt<f32>(variance + epsilon));
    for (let i = 0; i < n; i += 4) {
      const at = <usize> i << 2;
      let v = f32x4.mul(f32x4.mul(f32x4.sub(v128.load(from + at), mean), factor), v128.load(gamma + at));
      if (beta) v = f32x4.add(v, v128.load(beta + at));
      if (n - i >= 4) v128.store(to + at, v);
      else store_first(to + at, v, (n - i) << 2);
    }
  }
}

function sum_row(x: usize, n: i32): f32 {
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0, i = n;
  for (; i >= 16; i -= 16, x += 64) {
    s0 = f32x4.add(s0, v128.load(x));
    s1 = f32x4.add(s1, v128.load(x, 16));
    s2 = f32x4.add(s2, v128.load(x, 32));
    s3 = f32x4.add(s3, v128.load(x, 48));
  }
  s0 = f32x4.add(s0, load_floats(x, i));
  s1 = f32x4.add(s1, load_floats(x + 16, i - 4));
  s2 = f32x4.add(s2, load_floats(x + 32, i - 8));
  s3 = f32x4.add(s3, load_floats(x + 48, i - 12));
  return tree_sum(s0, s1, s2, s3);
}

// @ts-ignore: decorator
@inline
function square(x: v128, mean: v128): v128 {
  const d = f32x4.sub(x, mean);
  return f32x4.mul(d, d);
}

// @ts-ignore: decorator
@inline
function last_square(x: usize, left: i32, mean: v128): v128 {
  return left > 0 ? v128.and(square(load_floats(x, left), mean), mask_first(min(left, 4) << 2)) : f32x4.splat(0);
}

function squares_row(x: usize, n: i32, mean: v128): f32 {
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0, i = n;
  for (; i >= 16; i -= 16, x += 64) {
    s0 = f32x4.add(s0, square(v128.load(x), mean));
    s1 = f32x4.add(s1, square(v128.load(x, 16), mean));
    s2 = f32x4.add(s2, square(v128.load(x, 32), mean));
    s3 = f32x4.add(s3, square(v128.load(x, 48), mean));
  }
  s0 = f32x4.add(s0, last_square(x, i, mean));
  s1 = f32x4.add(s1, last_square(x + 16, i - 4, mean));
  s2 = f32x4.add(s2, last_square(x + 32, i - 8, mean));
  s3 = f32x4.add(s3, last_square(x + 48, i - 12, mean));
  return tree_sum(s0, s1, s2, s3);
}
