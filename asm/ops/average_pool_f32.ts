// Sum of each window, row by row, over its divisor.
import { CONTEXT_ATTRIBUTES } from "../generated/operand";
import { AveragePoolF32 } from "../generated/ops/average_pool_f32";
import { row_of, window_at } from "../kernels/pools_f32";
import { store_words } from "../kernels/tail";

export function scratch_average_pool_f32(_op: AveragePoolF32): usize {
  return 0;
}

export function exec_average_pool_f32(op: AveragePoolF32): void {
  const x = op.x, divisor = op.divisor, y = op.y;
  const window = window_at(changetype<usize>(op) + CONTEXT_ATTRIBUTES);
  let to = y.address;
  for (let b = 0; b < y.extent0; b++) {
    for (let i = 0; i < y.extent1; i++) {
      for (let j = 0; j < y.extent2; j++, to += y.stride) {
        const by = v128.load32_splat(
          divisor.address + <usize> i * divisor.stride + (<usize> j << 2),
        );
        for (let c = 0; c < y.columns; c += 4) {
          const at = <usize> c << 2;
          let sum = f32x4.splat(0);
          for (let p = 0; p < window.kernel_h; p++) {
            const h = i * window.stride_h + p - window.pad_top;
            for (let q = 0; q < window.kernel_w; q++) {
              const row = row_of(x, b, h, j * window.stride_w + q - window.pad_left);
              if (row < 0) continue;
              sum = f32x4.add(sum, v128.load(x.address + <usize> row * x.stride + at));
            }
          }
          store_words(to + at, f32x4.div(sum, by), y.columns - c);
        }
      }
    }
  }
}
