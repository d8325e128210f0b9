// y = clamp(round_half_even(fl32(fl32(1 / scale)·x))); NaN gives 0.
import { address, columns, dtype, I16, operand, rows, stride } from "../operand";
import { load_words, store_first } from "../kernels/tail";

export function scratch_quantize_linear(_context: usize): usize {
  return 0;
}

export function exec_quantize_linear(context: usize): void {
  const x = operand(context, 0), y = operand(context, 2);
  const inverse = f32x4.splat(<f32> 1 / load<f32>(address(operand(context, 1))));
  const n = columns(x), wide = dtype(y) == I16;
  let from = address(x), to = address(y);
  for (let r = rows(x); r > 0; r--, from += stride(x), to += stride(y)) {
    for (let i = 0; i < n; i += 8) {
      const at = from + (<usize> i << 2), left = n - i;
      const a = f32x4.nearest(f32x4.mul(inverse, v128.load(at)));
      const b = f32x4.nearest(f32x4.mul(inverse, load_words(at + 16, left - 4)));
      const q = i16x8.narrow_i32x4_s(i32x4.trunc_sat_f32x4_s(a), i32x4.trunc_sat_f32x4_s(b));
      if (wide) store_first(to + (<usize> i << 1), q, min(left, 8) << 1);
      else store_first(to + <usize> i, i8x16.narrow_i16x8_s(q, q), min(left, 8));
    }
  }
}
