// y = fl32(fl32(x − zero_point)·scale[n]). The difference is exact (f64 holds it) and rounded once.
import { address, columns, dtype, elementBytes, I16, I8, operand, rows, stride } from "../operand";
import { load_integer } from "../kernels/integer";
import { load_words, store_first } from "../kernels/tail";

export function scratch_dequantize_linear(_context: usize): usize {
  return 0;
}

export function exec_dequantize_linear(context: usize): void {
  const x = operand(context, 0), scale = operand(context, 1), zero = operand(context, 2), y = operand(context, 3);
  const n = columns(x), type = dtype(x), single = columns(scale) == 1;
  const offset: f64 = address(zero) ? <f64> load<i32>(address(zero)) : 0;
  let from = address(x), to = address(y);
  for (let r = rows(x); r > 0; r--, from += stride(x), to += stride(y)) {
    if (offset != 0) {
      for (let i = 0; i < n; i++) {
        const v = <f32> (<f64> load_integer(from + <usize> i * elementBytes(x), type) - offset);
        store<f32>(to + (<usize> i << 2), v * load<f32>(address(scale) + (single ? 0 : <usize> i << 2)));
      }
      continue;
    }
    const s0 = v128.load32_splat(address(scale));
    for (let i = 0; i < n; i += 4) {
      const at = from + <usize> i * elementBytes(x);
      const v = type == I8
        ? i32x4.extend_low_i16x8_s(v128.load8x8_s(at))
        : type == I16
        ? v128.load16x4_s(at)
        : v128.load(at);
      const s = single ? s0 : v128.load(address(scale) + (<usize> i << 2));
      store_first(to + (<usize> i << 2), f32x4.mul(f32x4.convert_i32x4_s(v), s), min(n - i, 4) << 2);
    }
  }
}
