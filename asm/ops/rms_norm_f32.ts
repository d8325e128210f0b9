// Row of C float32, every operation rounded, the sum as in ../kernels/sum_f32.ts:
//
//   r = 1 / √((Σ x²) / C + epsilon);  y = (x·r)·gamma
import { RmsNormF32 } from "../generated/ops/rms_norm_f32";
import { squares_row } from "../kernels/sum_f32";
import { store_words } from "../kernels/tail";

export function scratch_rms_norm_f32(_op: RmsNormF32): usize {
  return 0;
}

export function exec_rms_norm_f32(op: RmsNormF32): void {
  const x = op.x, gamma = op.gamma.address, y = op.y;
  const epsilon = load<f32>(op.epsilon.address);
  const n = x.columns, count = <f32> n;
  let from = x.address, to = y.address;
  for (let r = x.rows; r > 0; r--, from += x.stride, to += y.stride) {
    const mean = squares_row(from, n, 0) / count;
    const factor = f32x4.splat(<f32> 1 / sqrt<f32>(mean + epsilon));
    for (let i = 0; i < n; i += 4) {
      const at = <usize> i << 2;
      const v = f32x4.mul(f32x4.mul(v128.load(from + at), factor), v128.load(gamma + at));
      store_words(to + at, v, n - i);
    }
  }
}
