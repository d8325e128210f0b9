// Softmax over the last extent: ../kernels/softmax_f32.ts.
import { SoftmaxF32 } from "../generated/ops/softmax_f32";
import { softmax_row_f32 } from "../kernels/softmax_f32";

export function scratch_softmax_f32(_op: SoftmaxF32): usize {
  return 0;
}

export function exec_softmax_f32(op: SoftmaxF32): void {
  const x = op.x, y = op.y;
  let from = x.address, to = y.address;
  for (let r = x.rows; r > 0; r--, from += x.stride, to += y.stride) {
    softmax_row_f32(from, x.columns, to);
  }
}
