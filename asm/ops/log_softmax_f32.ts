// y = (x − m) − ln Σ e^(x − m), m = max x; the sum as in ../kernels/sum_f32.ts.
import { LogSoftmaxF32 } from "../generated/ops/log_softmax_f32";
import { exp_f32 } from "../kernels/f32_math";
import { log_f32 } from "../kernels/log_f32";
import { sum_row } from "../kernels/sum_f32";
import { store_words } from "../kernels/tail";

export function scratch_log_softmax_f32(op: LogSoftmaxF32): usize {
  return (<usize> op.x.columns << 2) + 64;
}

export function exec_log_softmax_f32(op: LogSoftmaxF32): void {
  const x = op.x, y = op.y;
  const n = x.columns, powers = op.scratch;
  let from = x.address, to = y.address;
  for (let r = x.rows; r > 0; r--, from += x.stride, to += y.stride) {
    let most: f32 = -Infinity;
    for (let i = 0; i < n; i++) {
      const value = load<f32>(from + (<usize> i << 2));
      if (most < value) most = value;
    }
    const high = f32x4.splat(most);
    for (let i = 0; i < n; i += 4) {
      const at = <usize> i << 2;
      v128.store(powers + at, exp_f32(f32x4.sub(v128.load(from + at), high)));
    }
    const total = f32x4.splat(f32x4.extract_lane(log_f32(f32x4.splat(sum_row(powers, n))), 0));
    for (let i = 0; i < n; i += 4) {
      const at = <usize> i << 2;
      store_words(to + at, f32x4.sub(f32x4.sub(v128.load(from + at), high), total), n - i);
    }
  }
}
