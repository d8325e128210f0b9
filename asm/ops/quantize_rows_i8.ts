// alpha = 127 / max(max|x|, 1e-5);  q = clamp(half_even(x·alpha), −128, 127)      a NaN has no part in the maximum and is 0
//
// |x·alpha| ≤ 127·(1 + 2^-22): the truncation of what is whole already saturates for NaN only, which becomes 0.
// Floats in *: the real numbers that codes stand for.
import { QuantizeRowsI8 } from "../generated/ops/quantize_rows_i8";
import { load_floats } from "../kernels/f32_math";
import { store_first } from "../kernels/tail";

export function scratch_quantize_rows_i8(_op: QuantizeRowsI8): usize {
  return 0;
}

export function exec_quantize_rows_i8(op: QuantizeRowsI8): void {
  const x = op.x, q = op.q, alphas = op.alpha, n = x.columns;
  let from = x.address, to = q.address, factors = alphas.address;
  for (let r = x.rows; r > 0; r--, from += x.stride, to += q.stride, factors += alphas.stride) {
    let m = f32x4.splat(0);
    // pmax keeps m where the other is a NaN
    for (let i = 0; i < n; i += 4) {
      m = f32x4.pmax(m, f32x4.abs(load_floats(from + (<usize> i << 2), n - i)));
    }
    m = f32x4.pmax(m, v128.shuffle<i64>(m, m, 1, 0));
    const most = max(f32x4.extract_lane(m, 0), f32x4.extract_lane(m, 1));
    const alpha = <f32> 127 / max<f32>(most, <f32> 1e-5);
    store<f32>(factors, alpha);
    const factor = f32x4.splat(alpha);
    for (let i = 0; i < n; i += 16) {
      const at = from + (<usize> i << 2);
      const q16 = i8x16.narrow_i16x8_s(eight_codes(at, factor), eight_codes(at + 32, factor));
      store_first(to + <usize> i, q16, n - i);
    }
  }
}

/** i16 */
function eight_codes(x: usize, factor: v128): v128 {
  return i16x8.narrow_i32x4_s(four_codes(x, factor), four_codes(x + 16, factor));
}

// @ts-ignore: decorator
@inline
function four_codes(x: usize, factor: v128): v128 {
  return i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(v128.load(x), factor)));
}
