// dy of each window is added to its largest element, windows in order.
import { CONTEXT_ATTRIBUTES } from "../generated/operand";
import { MaxPoolGradientF32 } from "../generated/ops/max_pool_gradient_f32";
import { largest_f32, window_at } from "../kernels/pools_f32";

export function scratch_max_pool_gradient_f32(_op: MaxPoolGradientF32): usize {
  return 0;
}

export function exec_max_pool_gradient_f32(op: MaxPoolGradientF32): void {
  const x = op.x, dy = op.dy, dx = op.dx;
  const window = window_at(changetype<usize>(op) + CONTEXT_ATTRIBUTES);
  const dilation_h = op.dilation_h, dilation_w = op.dilation_w, bytes = <usize> dx.columns << 2;
  for (let r = 0, at = dx.address; r < dx.rows; r++, at += dx.stride) memory.fill(at, 0, bytes);
  let from = dy.address;
  for (let b = 0; b < dy.extent0; b++) {
    for (let i = 0; i < dy.extent1; i++) {
      for (let j = 0; j < dy.extent2; j++, from += dy.stride) {
        for (let c = 0; c < dy.columns; c += 4) {
          // Rows of the picture, −1 for a window that has none.
          let rows = largest_f32(window, x, b, i, j, c, dilation_h, dilation_w, true);
          for (let lane = c, end = min(c + 4, dy.columns); lane < end; lane++) {
            const row = i32x4.extract_lane(rows, 0);
            rows = v128.shuffle<i32>(rows, rows, 1, 2, 3, 0);
            if (row < 0) continue;
            const to = dx.address + <usize> row * dx.stride + (<usize> lane << 2);
            store<f32>(to, load<f32>(to) + load<f32>(from + (<usize> lane << 2)));
          }
        }
      }
    }
  }
}
