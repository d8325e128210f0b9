// Integer softmax over the last extent; formulas in ../kernels/softmax_i8.ts.
import { address, columns, dtype, elementBytes, extent, I8, operand, scratch, stride } from "../operand";
import { store_integer } from "../kernels/integer";
import { plan_softmax, SOFTMAX_BYTES, softmax_factor, softmax_masked, softmax_probability, softmax_shift } from "../kernels/softmax_i8";

export function scratch_softmax_i8(context: usize): usize {
  return SOFTMAX_BYTES + (<usize> columns(operand(context, 0)) << 2) + 64;
}

export function exec_softmax_i8(context: usize): void {
  const x = operand(context, 0), mask = operand(context, 3), y = operand(context, 4);
  const plan = scratch(context), row = plan + SOFTMAX_BYTES, n = columns(x), type = dtype(y);
  plan_softmax(plan, address(operand(context, 1)), address(operand(context, 2)), type == I8 ? 8 : 16);
  const shift = softmax_shift(plan), hidden = softmax_masked(plan);
  let from = address(x), to = address(y);
  for (let b = 0; b < extent(x, 0); b++) {
    for (let h = 0; h < extent(x, 1); h++) {
      for (let i = 0; i < extent(x, 2); i++, from += stride(x), to += stride(y)) {
        const hides = address(mask) ? address(mask) + <usize> ((b % extent(mask, 0)) * extent(mask, 1) + i) * stride(mask) : 0;
        let high = -128, sum: u64 = 0;
        for (let j = 0; j < n; j++) {
          if (!hides || !load<u8>(hides + <usize> j)) high = max(high, <i32> load<i8>(from + <usize> j));
        }
        for (let j = 0; j < n; j++) {
          const E = hides && load<u8>(hides + <usize> j) ? hidden : load<u32>(plan + (<usize> (high - <i32> load<i8>(from + <usize> j)) << 2));
          store<u32>(row + (<usize> j << 2), E);
          sum += E;
        }
        const factor = softmax_factor(sum, shift);
        for (let j = 0; j < n; j++) {
          store_integer(to + <usize> j * elementBytes(y), type, softmax_probability(load<u32>(row + (<usize> j << 2)), factor, shift));
        }
      }
    }
  }
}
