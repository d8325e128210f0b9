// y = fl32(fl32(x − zero_point)·scale[n]). The difference is exact (f64 holds it) and rounded once.
// Floats in *: where integers end.
import { DTYPE_I16, DTYPE_I8 } from "../generated/format";
import { DequantizeLinear } from "../generated/ops/dequantize_linear";
import { load_integer } from "../kernels/integer";
import { load_words, store_words } from "../kernels/tail";

export function scratch_dequantize_linear(_op: DequantizeLinear): usize {
  return 0;
}

export function exec_dequantize_linear(op: DequantizeLinear): void {
  const x = op.x, scale = op.scale, zero = op.zero_point, y = op.y;
  const n = x.columns, type = x.dtype, single = scale.columns == 1;
  const offset: f64 = zero.address ? <f64> load<i32>(zero.address) : 0;
  let from = x.address, to = y.address;
  for (let r = x.rows; r > 0; r--, from += x.stride, to += y.stride) {
    if (offset != 0) {
      for (let i = 0; i < n; i++) {
        const v = <f32> (<f64> load_integer(from + <usize> i * x.elementBytes, type) - offset);
        store<f32>(
          to + (<usize> i << 2),
          v * load<f32>(scale.address + (single ? 0 : <usize> i << 2)),
        );
      }
      continue;
    }
    const s0 = v128.load32_splat(scale.address);
    for (let i = 0; i < n; i += 4) {
      const at = from + <usize> i * x.elementBytes;
      const v = type == DTYPE_I8
        ? i32x4.extend_low_i16x8_s(v128.load8x8_s(at))
        : type == DTYPE_I16
        ? v128.load16x4_s(at)
        : v128.load(at);
      const s = single ? s0 : v128.load(scale.address + (<usize> i << 2));
      store_words(
        to + (<usize> i << 2),
        f32x4.mul(f32x4.convert_i32x4_s(v), s),
        n - i,
      );
    }
  }
}
