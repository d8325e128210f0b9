// Row of C float32, every operation rounded, sums as in ../kernels/sum_f32.ts:
//
//   mean = (Σx) / C;  var = (Σ (x − mean)·(x − mean)) / C;  r = 1 / √(var + epsilon)
//   y = ((x − mean)·r)·gamma [+ beta]
import { LayerNormF32 } from "../generated/ops/layer_norm_f32";
import { squares_row, sum_row } from "../kernels/sum_f32";
import { store_words } from "../kernels/tail";

export function scratch_layer_norm_f32(_op: LayerNormF32): usize {
  return 0;
}

export function exec_layer_norm_f32(op: LayerNormF32): void {
  const x = op.x, gamma = op.gamma.address, beta = op.beta.address, y = op.y;
  const epsilon = load<f32>(op.epsilon.address);
  const n = x.columns, count = <f32> n;
  let from = x.address, to = y.address;
  for (let r = x.rows; r > 0; r--, from += x.stride, to += y.stride) {
    const m = sum_row(from, n) / count, mean = f32x4.splat(m);
    const variance = squares_row(from, n, m) / count;
    const factor = f32x4.splat(<f32> 1 / sqrt<f32>(variance + epsilon));
    for (let i = 0; i < n; i += 4) {
      const at = <usize> i << 2;
      let v = f32x4.mul(
        f32x4.mul(f32x4.sub(v128.load(from + at), mean), factor),
        v128.load(gamma + at),
      );
      if (beta) v = f32x4.add(v, v128.load(beta + at));
      store_words(to + at, v, n - i);
    }
  }
}
