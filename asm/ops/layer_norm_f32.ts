// Row of C float32, every operation rounded, sums as in ../kernels/sum_f32.ts:
//
//   mean = (Σx) / C;  var = (Σ (x − mean)·(x − mean)) / C;  r = 1 / √(var + epsilon)
//   y = ((x − mean)·r)·gamma [+ beta]
import { address, columns, operand, rows, stride } from "../operand";
import { squares_row, sum_row } from "../kernels/sum_f32";
import { store_first } from "../kernels/tail";

export function scratch_layer_norm_f32(_context: usize): usize {
  return 0;
}

export function exec_layer_norm_f32(context: usize): void {
  const x = operand(context, 0), gamma = address(operand(context, 1)), beta = address(operand(context, 2)), y = operand(context, 4);
  const epsilon = load<f32>(address(operand(context, 3)));
  const n = columns(x), count = <f32> n;
  let from = address(x), to = address(y);
  for (let r = rows(x); r > 0; r--, from += stride(x), to += stride(y)) {
    const m = sum_row(from, n) / count, mean = f32x4.splat(m);
    const variance = squares_row(from, n, m) / count;
    const factor = f32x4.splat(<f32> 1 / sqrt<f32>(variance + epsilon));
    for (let i = 0; i < n; i += 4) {
      const at = <usize> i << 2;
      let v = f32x4.mul(f32x4.mul(f32x4.sub(v128.load(from + at), mean), factor), v128.load(gamma + at));
      if (beta) v = f32x4.add(v, v128.load(beta + at));
      if (n - i >= 4) v128.store(to + at, v);
      else store_first(to + at, v, (n - i) << 2);
    }
  }
}
