// dy of each window is added to the place that is said, windows in order.
import { CONTEXT_ATTRIBUTES } from "../generated/operand";
import { MaxPoolScatterF32 } from "../generated/ops/max_pool_scatter_f32";
import { NO_PLACE, row_of, window_at } from "../kernels/pools_f32";

export function scratch_max_pool_scatter_f32(_op: MaxPoolScatterF32): usize {
  return 0;
}

export function exec_max_pool_scatter_f32(op: MaxPoolScatterF32): void {
  const places = op.places, dy = op.dy, dx = op.dx;
  const window = window_at(changetype<usize>(op) + CONTEXT_ATTRIBUTES);
  const bytes = <usize> dx.columns << 2, height = window.kernel_h, width = window.kernel_w;
  for (let r = 0, at = dx.address; r < dx.rows; r++, at += dx.stride) memory.fill(at, 0, bytes);
  let from = dy.address, at = places.address;
  for (let b = 0; b < dy.extent0; b++) {
    for (let i = 0; i < dy.extent1; i++) {
      const top = i * window.stride_h - window.pad_top;
      for (let j = 0; j < dy.extent2; j++, from += dy.stride, at += places.stride) {
        const left = j * window.stride_w - window.pad_left;
        for (let c = 0; c < dy.columns; c++) {
          const place = <i32> load<u8>(at + c), p = place / width;
          // A file may have any bytes here.
          if (place == NO_PLACE || p >= height) continue;
          const h = top + p * op.dilation_h, w = left + (place - p * width) * op.dilation_w;
          const row = row_of(dx, b, h, w);
          if (row < 0) continue;
          const to = dx.address + <usize> row * dx.stride + (<usize> c << 2);
          store<f32>(to, load<f32>(to) + load<f32>(from + (<usize> c << 2)));
        }
      }
    }
  }
}
