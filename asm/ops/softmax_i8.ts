// Integer softmax over the last extent; formulas in ../kernels/softmax_i8.ts.
import { DTYPE_I8 } from "../generated/format";
import { SoftmaxI8 } from "../generated/ops/softmax_i8";
import { plan_softmax, SOFTMAX_BYTES, softmax_row, softmax_row_bytes } from "../kernels/softmax_i8";

export function scratch_softmax_i8(op: SoftmaxI8): usize {
  return SOFTMAX_BYTES + softmax_row_bytes(op.x.columns);
}

export function exec_softmax_i8(op: SoftmaxI8): void {
  const x = op.x, mask = op.mask, y = op.y;
  const plan = op.scratch, row = plan + SOFTMAX_BYTES, n = x.columns, wide = y.dtype != DTYPE_I8;
  plan_softmax(plan, op.exponentials.address, op.x0.address, wide ? 16 : 8);
  let from = x.address, to = y.address;
  for (let b = 0; b < x.extent(0); b++) {
    for (let h = 0; h < x.extent(1); h++) {
      for (let i = 0; i < x.extent(2); i++, from += x.stride, to += y.stride) {
        const hides = mask.address
          ? mask.address + <usize> ((b % mask.extent(0)) * mask.extent(1) + i) * mask.stride
          : 0;
        softmax_row(plan, from, hides, n, row, to, wide);
      }
    }
  }
}
