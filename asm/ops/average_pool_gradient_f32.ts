// dy / divisor is added to each place of a window, windows in order.
import { CONTEXT_ATTRIBUTES } from "../generated/operand";
import { AveragePoolGradientF32 } from "../generated/ops/average_pool_gradient_f32";
import { row_of, window_at } from "../kernels/pools_f32";
import { store_words } from "../kernels/tail";

export function scratch_average_pool_gradient_f32(_op: AveragePoolGradientF32): usize {
  return 0;
}

export function exec_average_pool_gradient_f32(op: AveragePoolGradientF32): void {
  const dy = op.dy, divisor = op.divisor, dx = op.dx;
  const window = window_at(changetype<usize>(op) + CONTEXT_ATTRIBUTES);
  const n = dx.columns, bytes = <usize> n << 2;
  for (let r = 0, at = dx.address; r < dx.rows; r++, at += dx.stride) memory.fill(at, 0, bytes);
  let from = dy.address;
  for (let b = 0; b < dy.extent0; b++) {
    for (let i = 0; i < dy.extent1; i++) {
      for (let j = 0; j < dy.extent2; j++, from += dy.stride) {
        const by = v128.load32_splat(
          divisor.address + <usize> i * divisor.stride + (<usize> j << 2),
        );
        for (let p = 0; p < window.kernel_h; p++) {
          const h = i * window.stride_h + p - window.pad_top;
          for (let q = 0; q < window.kernel_w; q++) {
            const row = row_of(dx, b, h, j * window.stride_w + q - window.pad_left);
            if (row < 0) continue;
            const to = dx.address + <usize> row * dx.stride;
            for (let c = 0; c < n; c += 4) {
              const at = <usize> c << 2;
              const share = f32x4.div(v128.load(from + at), by);
              store_words(to + at, f32x4.add(v128.load(to + at), share), n - c);
            }
          }
        }
      }
    }
  }
}
