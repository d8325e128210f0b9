// y = clamp(q + zero_point), q = sat32(round_half_even(fl32(fl32(1 / scale)·x))); NaN counts as 0.
// q is clamped to low − zero_point … high − zero_point, as far as those are 32-bit numbers, so that the sum cannot wrap.
import { address, columns, dtype, I16, I32, operand, rows, stride } from "../operand";
import { saturate } from "../kernels/integer";
import { load_words, store_first } from "../kernels/tail";

export function scratch_quantize_linear(_context: usize): usize {
  return 0;
}

export function exec_quantize_linear(context: usize): void {
  const x = operand(context, 0), zero = operand(context, 2), y = operand(context, 3);
  const inverse = f32x4.splat(<f32> 1 / load<f32>(address(operand(context, 1))));
  const n = columns(x), wide = dtype(y) == I16;
  const offset = address(zero) ? load<i32>(address(zero)) : 0;
  const high: i64 = wide ? 32767 : 127;
  const most = i32x4.splat(saturate(high - <i64> offset, I32)), least = i32x4.splat(saturate(~high - <i64> offset, I32));
  const add = i32x4.splat(offset);
  let from = address(x), to = address(y);
  for (let r = rows(x); r > 0; r--, from += stride(x), to += stride(y)) {
    for (let i = 0; i < n; i += 8) {
      const at = from + (<usize> i << 2), left = n - i;
      const a = f32x4.nearest(f32x4.mul(inverse, v128.load(at)));
      const b = f32x4.nearest(f32x4.mul(inverse, load_words(at + 16, left - 4)));
      const p = i32x4.max_s(i32x4.min_s(i32x4.trunc_sat_f32x4_s(a), most), least);
      const q = i32x4.max_s(i32x4.min_s(i32x4.trunc_sat_f32x4_s(b), most), least);
      const codes = i16x8.narrow_i32x4_s(i32x4.add(p, add), i32x4.add(q, add));
      if (wide) store_first(to + (<usize> i << 1), codes, min(left, 8) << 1);
      else store_first(to + <usize> i, i8x16.narrow_i16x8_s(codes, codes), min(left, 8));
    }
  }
}
