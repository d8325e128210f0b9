// scale = max(fl32(mean |x|), 1e-5);  y = v > ½ ? 1 : v < −½ ? −1 : 0, v = x·(1/scale): half to even and clamped, ½ goes to 0
//
// The mean is in float64, in NumPy's order: halves of whole eights, eight partial sums in a block of at most 128.
import { TernarizeF32 } from "../generated/ops/ternarize_f32";
import { store_words } from "../kernels/tail";

export function scratch_ternarize_f32(_op: TernarizeF32): usize {
  return 0;
}

export function exec_ternarize_f32(op: TernarizeF32): void {
  const x = op.x, y = op.y, scales = op.scale, n = x.columns;
  let from = x.address, to = y.address, at = scales.address;
  for (let r = x.rows; r > 0; r--, from += x.stride, to += y.stride, at += scales.stride) {
    const mean = <f32> (sum_of_magnitudes(from, n) / <f64> n);
    const scale = max<f32>(mean, <f32> 1e-5);
    store<f32>(at, scale);
    const inverse = f32x4.splat(<f32> 1 / scale);
    const half = f32x4.splat(0.5), one = f32x4.splat(1);
    for (let i = 0; i < n; i += 4) {
      const place = <usize> i << 2;
      const v = f32x4.mul(v128.load(from + place), inverse);
      const plus = v128.and(f32x4.gt(v, half), one);
      const minus = v128.and(f32x4.lt(v, f32x4.neg(half)), one);
      store_words(to + place, f32x4.sub(plus, minus), n - i);
    }
  }
}

// @ts-ignore: decorator
@inline
function pair(x: usize): v128 {
  return f64x2.promote_low_f32x4(f32x4.abs(v128.load64_zero(x)));
}

/** Σ |x| of n numbers. */
function sum_of_magnitudes(x: usize, n: i32): f64 {
  if (n > 128) {
    const half = n >> 1 & ~7;
    return sum_of_magnitudes(x, half) + sum_of_magnitudes(x + (<usize> half << 2), n - half);
  }
  let a = f64x2.splat(0), b = a, c = a, d = a;
  for (; n >= 8; n -= 8, x += 32) {
    a = f64x2.add(a, pair(x));
    b = f64x2.add(b, pair(x + 8));
    c = f64x2.add(c, pair(x + 16));
    d = f64x2.add(d, pair(x + 24));
  }
  let sum = ((lane(a, 0) + lane(a, 1)) + (lane(b, 0) + lane(b, 1))) +
    ((lane(c, 0) + lane(c, 1)) + (lane(d, 0) + lane(d, 1)));
  for (; n > 0; n--, x += 4) sum += <f64> abs<f32>(load<f32>(x));
  return sum;
}

// @ts-ignore: decorator
@inline
function lane(v: v128, i: u8): f64 {
  return i == 0 ? f64x2.extract_lane(v, 0) : f64x2.extract_lane(v, 1);
}
