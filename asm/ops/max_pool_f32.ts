// Largest of each window: the first of equal ones (../kernels/pools_f32.ts).
import { CONTEXT_ATTRIBUTES } from "../generated/operand";
import { MaxPoolF32 } from "../generated/ops/max_pool_f32";
import { largest_f32, window_at } from "../kernels/pools_f32";
import { store_words } from "../kernels/tail";

export function scratch_max_pool_f32(_op: MaxPoolF32): usize {
  return 0;
}

export function exec_max_pool_f32(op: MaxPoolF32): void {
  const x = op.x, y = op.y, window = window_at(changetype<usize>(op) + CONTEXT_ATTRIBUTES);
  const dilation_h = op.dilation_h, dilation_w = op.dilation_w;
  let to = y.address;
  for (let b = 0; b < y.extent0; b++) {
    for (let i = 0; i < y.extent1; i++) {
      for (let j = 0; j < y.extent2; j++, to += y.stride) {
        for (let c = 0; c < y.columns; c += 4) {
          const value = largest_f32(window, x, b, i, j, c, dilation_h, dilation_w, false);
          store_words(to + (<usize> c << 2), value, y.columns - c);
        }
      }
    }
  }
}
