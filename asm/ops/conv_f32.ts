// Convolution: depthwise on its own kernel, 1×1 as a product with the rows of x, else im2row of a picture and a product.
import { CONTEXT_ATTRIBUTES } from "../generated/operand";
import { ConvF32 } from "../generated/ops/conv_f32";
import { depthwise_f32, depthwise_scratch } from "../kernels/depthwise_f32";
import { gemm_f32, gemm_f32_scratch } from "../kernels/gemm_f32";
import { panels_bytes } from "../kernels/matmul_f32";
import { dense_bytes, dense_rows } from "../kernels/dense_rows";
import { pack_panels_f32 } from "../kernels/pack_f32";
import { im2row_f32, taps_at } from "../kernels/pictures_f32";

// @ts-ignore: decorator
@inline
function is_depthwise(op: ConvF32): bool {
  return op.weight.columns == 1 && op.group == op.weight.extent0 && op.group > 1;
}

/** Whether the rows of x are those of im2row. */
// @ts-ignore: decorator
@inline
function is_plain(op: ConvF32): bool {
  const weight = op.weight;
  return weight.extent1 * weight.extent2 == 1 && op.stride_h == 1 && op.stride_w == 1 &&
    op.pad_top == 0 && op.pad_left == 0 && op.group == 1 && op.x.extent1 == op.y.extent1 &&
    op.x.extent2 == op.y.extent2;
}

export function scratch_conv_f32(op: ConvF32): usize {
  const weight = op.weight, y = op.y;
  const k = weight.extent1 * weight.extent2 * weight.columns;
  const taps = taps_at(changetype<usize>(op) + CONTEXT_ATTRIBUTES);
  if (is_depthwise(op)) return depthwise_scratch(taps, weight, y);
  const places = is_plain(op) ? y.rows : y.extent1 * y.extent2, n = y.columns / op.group;
  return panels_bytes(k, n) + gemm_f32_scratch(places, k, n) + <usize> places * <usize> k * 4 +
    dense_bytes(weight) + 256;
}

export function exec_conv_f32(op: ConvF32): void {
  const x = op.x, weight = op.weight, bias = op.bias.address, y = op.y;
  const taps = taps_at(changetype<usize>(op) + CONTEXT_ATTRIBUTES);
  if (is_depthwise(op)) {
    depthwise_f32(taps, x, weight, bias, y, op.scratch);
    return;
  }
  const height = weight.extent1, width = weight.extent2, depth = weight.columns;
  const group = op.group, n = y.columns / group, k = height * width * depth;
  const weights = dense_rows(weight, op.scratch), row = <usize> k << 2;
  const panels = op.scratch + dense_bytes(weight) + 63 & ~63, rows = panels + panels_bytes(k, n);
  const places = y.extent1 * y.extent2, own = rows + (<usize> places * row + 63 & ~63);
  for (let g = 0; g < group; g++) {
    const offset = <usize> (g * n) << 2;
    pack_panels_f32(weights + <usize> (g * n) * row, row, k, n, 1, panels);
    const biases = bias ? bias + offset : 0;
    if (is_plain(op)) {
      gemm_f32(x.address, x.stride, y.rows, k, panels, n, y.address, y.stride, biases, 0, 0, rows);
      return;
    }
    for (let b = 0; b < y.extent0; b++) {
      im2row_f32(taps, x, b, y.extent2, 0, places, height, width, g * depth, depth, rows);
      const to = y.address + <usize> (b * places) * y.stride + offset;
      gemm_f32(rows, row, places, k, panels, n, to, y.stride, biases, 0, 0, own);
    }
  }
}
