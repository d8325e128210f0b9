// y = clamp(q + zero_point), q = sat32(round_half_even(fl32(fl32(1 / scale)·x))); NaN counts as 0.
// q is clamped to low − zero_point … high − zero_point, as far as those are 32-bit numbers, so that the sum cannot wrap.
// Floats in *: where integers begin.
import { DTYPE_I16, DTYPE_I32 } from "../generated/format";
import { QuantizeLinear } from "../generated/ops/quantize_linear";
import { saturate } from "../kernels/integer";
import { load_words, store_codes } from "../kernels/tail";

export function scratch_quantize_linear(_op: QuantizeLinear): usize {
  return 0;
}

export function exec_quantize_linear(op: QuantizeLinear): void {
  const x = op.x, zero = op.zero_point, y = op.y;
  const inverse = f32x4.splat(<f32> 1 / load<f32>(op.scale.address));
  const n = x.columns, wide = y.dtype == DTYPE_I16;
  const offset = zero.address ? load<i32>(zero.address) : 0;
  const high: i64 = wide ? 32767 : 127;
  const most = i32x4.splat(saturate(high - <i64> offset, DTYPE_I32)),
    least = i32x4.splat(saturate(~high - <i64> offset, DTYPE_I32));
  const add = i32x4.splat(offset);
  let from = x.address, to = y.address;
  for (let r = x.rows; r > 0; r--, from += x.stride, to += y.stride) {
    for (let i = 0; i < n; i += 8) {
      const at = from + (<usize> i << 2), left = n - i;
      const a = f32x4.nearest(f32x4.mul(inverse, v128.load(at)));
      const b = f32x4.nearest(f32x4.mul(inverse, load_words(at + 16, left - 4)));
      const p = i32x4.max_s(i32x4.min_s(i32x4.trunc_sat_f32x4_s(a), most), least);
      const q = i32x4.max_s(i32x4.min_s(i32x4.trunc_sat_f32x4_s(b), most), least);
      const codes = i16x8.narrow_i32x4_s(i32x4.add(p, add), i32x4.add(q, add));
      store_codes(to + (<usize> i << usize(wide)), codes, left, wide);
    }
  }
}
