// y = fl(fl(fl(x)·scale[n]) / alpha), alpha of the row.
// Floats in *: where integers end.
import { DequantizeRowsF32 } from "../generated/ops/dequantize_rows_f32";
import { store_words } from "../kernels/tail";

export function scratch_dequantize_rows_f32(_op: DequantizeRowsF32): usize {
  return 0;
}

export function exec_dequantize_rows_f32(op: DequantizeRowsF32): void {
  const x = op.x, alpha = op.alpha, y = op.y, n = x.columns;
  let from = x.address, to = y.address, factor = alpha.address;
  for (let r = x.rows; r > 0; r--, from += x.stride, to += y.stride, factor += alpha.stride) {
    const divisor = v128.load32_splat(factor);
    for (let i = 0; i < n; i += 4) {
      const at = <usize> i << 2;
      const v = f32x4.mul(
        f32x4.convert_i32x4_s(v128.load(from + at)),
        v128.load(op.scale.address + at),
      );
      store_words(to + at, f32x4.div(v, divisor), n - i);
    }
  }
}
