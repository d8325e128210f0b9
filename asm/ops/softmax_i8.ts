// Integer softmax over the last extent; formulas in ../kernels/softmax_i8.ts.
import { DTYPE_I8 } from "../generated/format";
import { SoftmaxI8 } from "../generated/ops/softmax_i8";
import { store_integer } from "../kernels/integer";
import {
  plan_softmax,
  SOFTMAX_BYTES,
  softmax_factor,
  softmax_masked,
  softmax_probability,
  softmax_shift,
} from "../kernels/softmax_i8";

export function scratch_softmax_i8(op: SoftmaxI8): usize {
  return SOFTMAX_BYTES + (<usize> op.x.columns << 2) + 64;
}

export function exec_softmax_i8(op: SoftmaxI8): void {
  const x = op.x, mask = op.mask, y = op.y;
  const plan = op.scratch, row = plan + SOFTMAX_BYTES, n = x.columns, type = y.dtype;
  plan_softmax(plan, op.exponentials.address, op.x0.address, type == DTYPE_I8 ? 8 : 16);
  const shift = softmax_shift(plan), hidden = softmax_masked(plan);
  let from = x.address, to = y.address;
  for (let b = 0; b < x.extent(0); b++) {
    for (let h = 0; h < x.extent(1); h++) {
      for (let i = 0; i < x.extent(2); i++, from += x.stride, to += y.stride) {
        const hides = mask.address
          ? mask.address + <usize> ((b % mask.extent(0)) * mask.extent(1) + i) * mask.stride
          : 0;
        let high = -128, sum: u64 = 0;
        for (let j = 0; j < n; j++) {
          if (!hides || !load<u8>(hides + <usize> j)) {
            high = max(high, <i32> load<i8>(from + <usize> j));
          }
        }
        for (let j = 0; j < n; j++) {
          const E = hides && load<u8>(hides + <usize> j)
            ? hidden
            : load<u32>(plan + (<usize> (high - <i32> load<i8>(from + <usize> j)) << 2));
          store<u32>(row + (<usize> j << 2), E);
          sum += E;
        }
        const factor = softmax_factor(sum, shift);
        for (let j = 0; j < n; j++) {
          store_integer(
            to + <usize> j * y.elementBytes,
            type,
            softmax_probability(load<u32>(row + (<usize> j << 2)), factor, shift),
          );
        }
      }
    }
  }
}
