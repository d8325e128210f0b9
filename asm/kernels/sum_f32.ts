// Sums over a row of n float32, in the order that f32_math.ts has.
import { load_floats, tree_sum } from "./f32_math";
import { mask_first } from "./pack";

/** Σ x */
export function sum_row(x: usize, n: i32): f32 {
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
  return left > 0
    ? v128.and(square(load_floats(x, left), mean), mask_first(min(left, 4) << 2))
    : f32x4.splat(0);
}

/** Σ (x − m)·(x − m); an m of +0 gives the plain sum of squares, as x − 0 is x. */
export function squares_row(x: usize, n: i32, m: f32): f32 {
  const mean = f32x4.splat(m);
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
