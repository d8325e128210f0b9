// Row of C float32, every operation rounded, the sum as in ../kernels/sum_f32.ts:
//
//   r = 1 / √((Σ x²) / C + epsilon);  y = (x·r)·gamma
import { address, columns, operand, rows, stride } from "../operand";
import { squares_row } from "../kernels/sum_f32";
import { store_first } from "../kernels/tail";

export function scratch_rms_norm_f32(_context: usize): usize {
  return 0;
}

export function exec_rms_norm_f32(context: usize): void {
  const x = operand(context, 0), gamma = address(operand(context, 1)), y = operand(context, 3);
  const epsilon = load<f32>(address(operand(context, 2)));
  const n = columns(x), count = <f32> n;
  let from = address(x), to = address(y);
  for (let r = rows(x); r > 0; r--, from += stride(x), to += stride(y)) {
    const mean = squares_row(from, n, 0) / count;
    const factor = f32x4.splat(<f32> 1 / sqrt<f32>(mean + epsilon));
    for (let i = 0; i < n; i += 4) {
      const at = <usize> i << 2;
      const v = f32x4.mul(f32x4.mul(v128.load(from + at), factor), v128.load(gamma + at));
      if (n - i >= 4) v128.store(to + at, v);
      else store_first(to + at, v, (n - i) << 2);
    }
  }
}
