// y = fl(fl(r·r)·up), r = max(gate, 0)
import { ReluSquaredGluF32 } from "../generated/ops/relu_squared_glu_f32";
import { store_words } from "../kernels/tail";

export function scratch_relu_squared_glu_f32(_op: ReluSquaredGluF32): usize {
  return 0;
}

export function exec_relu_squared_glu_f32(op: ReluSquaredGluF32): void {
  const gate = op.gate, up = op.up, y = op.y, n = y.columns;
  let from = gate.address, other = up.address, to = y.address;
  for (let r = y.rows; r > 0; r--, from += gate.stride, other += up.stride, to += y.stride) {
    for (let i = 0; i < n; i += 4) {
      const at = <usize> i << 2;
      const v = f32x4.max(v128.load(from + at), f32x4.splat(0));
      store_words(to + at, f32x4.mul(f32x4.mul(v, v), v128.load(other + at)), n - i);
    }
  }
}
