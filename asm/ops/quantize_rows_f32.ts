// alpha = 127 / max(max|x|, 1e-5);  q = clamp(half_away(x·alpha), −128, 127)      a NaN has no part in the maximum and is 0
//
// Half away from zero: w = trunc(2v), of which v = x·alpha is (w + 1) >> 1 for w ≥ 0 and w >> 1 below, as in rms_norm_quantize_i8.ts.
// |x| ≤ max gives |2v| ≤ 254·(1 + 2^-22): the truncation saturates for NaN only, which becomes 0, and q is never −128.
import { QuantizeRowsF32 } from "../generated/ops/quantize_rows_f32";
import { load_floats } from "../kernels/f32_math";
import { store_words } from "../kernels/tail";

export function scratch_quantize_rows_f32(_op: QuantizeRowsF32): usize {
  return 0;
}

export function exec_quantize_rows_f32(op: QuantizeRowsF32): void {
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
    const twice = f32x4.splat(alpha + alpha);
    for (let i = 0; i < n; i += 4) {
      const at = <usize> i << 2;
      const w = i32x4.trunc_sat_f32x4_s(f32x4.mul(v128.load(from + at), twice));
      const away = i32x4.add(i32x4.add(w, i32x4.shr_s(w, 31)), i32x4.splat(1));
      store_words(to + at, f32x4.convert_i32x4_s(i32x4.shr_s(away, 1)), n - i);
    }
  }
}
