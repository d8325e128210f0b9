// Convolution: depthwise on its own kernel, 1×1 as a product with the rows of x, else with rows packed from where taps read.
import { CONTEXT_ATTRIBUTES } from "../generated/operand";
import { ConvF32 } from "../generated/ops/conv_f32";
import { conv_16, conv_scratch_16 } from "../kernels/conv_16";
import { depthwise_f32, depthwise_scratch } from "../kernels/depthwise_f32";
import { gemm_f32_fast, gemm_f32_scratch } from "../kernels/gemm_f32";
import { panels_bytes } from "../kernels/matmul_f32";
import { dense_bytes, dense_rows } from "../kernels/dense_rows";
import { pack_panels_f32 } from "../kernels/pack_f32";
import { taps_at } from "../kernels/pictures_f32";
import { conv_picture_f32, conv_scratch, table_bytes, write_table } from "../kernels/taps_f32";

// @ts-ignore: decorator
@inline
function is_depthwise(op: ConvF32): bool {
  return op.weight.columns == 1 && op.group == op.weight.extent0 && op.group > 1;
}

/** Whether the rows of x are those of the product. */
// @ts-ignore: decorator
@inline
function is_plain(op: ConvF32): bool {
  const weight = op.weight;
  return weight.extent1 * weight.extent2 == 1 && op.stride_h == 1 && op.stride_w == 1 &&
    op.pad_top == 0 && op.pad_left == 0 && op.group == 1 && op.x.extent1 == op.y.extent1 &&
    op.x.extent2 == op.y.extent2;
}

/** For each way to compute it: extents may be others when it runs. */
export function scratch_conv_f32(op: ConvF32): usize {
  if (op.sums) return conv_scratch_16(op.weight, op.x.columns);
  const weight = op.weight, y = op.y, count = weight.extent1 * weight.extent2;
  const taps = taps_at(changetype<usize>(op) + CONTEXT_ATTRIBUTES);
  const k = count * weight.columns, n = y.columns / op.group;
  const own = conv_scratch(k, weight.columns) + table_bytes(y.extent1 * y.extent2, count);
  return max(
    depthwise_scratch(taps, op.group, weight, y),
    panels_bytes(k, n) + max(gemm_f32_scratch(y.rows, k, n), own) + dense_bytes(weight) + 256,
  );
}

export function exec_conv_f32(op: ConvF32): void {
  const x = op.x, weight = op.weight, bias = op.bias.address, y = op.y;
  const taps = taps_at(changetype<usize>(op) + CONTEXT_ATTRIBUTES);
  if (op.sums) {
    conv_16(op.sums, taps, op.group, x, weight, bias, y, op.scratch);
    return;
  }
  if (is_depthwise(op)) {
    depthwise_f32(taps, x, weight, bias, y, op.scratch);
    return;
  }
  const height = weight.extent1, width = weight.extent2, depth = weight.columns;
  const group = op.group, n = y.columns / group, k = height * width * depth;
  const weights = dense_rows(weight, op.scratch), row = <usize> k << 2;
  const panels = op.scratch + dense_bytes(weight) + 63 & ~63, table = panels + panels_bytes(k, n);
  const places = y.extent1 * y.extent2, count = height * width;
  const own = table + table_bytes(places, count);
  if (!is_plain(op)) write_table(taps, x, y.extent1, y.extent2, height, width, table);
  for (let g = 0; g < group; g++) {
    const offset = <usize> (g * n) << 2;
    pack_panels_f32(weights + <usize> (g * n) * row, row, k, n, 1, panels);
    const biases = bias ? bias + offset : 0;
    if (is_plain(op)) {
      gemm_f32_fast(
        x.address,
        x.stride,
        y.rows,
        k,
        panels,
        n,
        y.address,
        y.stride,
        biases,
        0,
        0,
        table,
      );
      return;
    }
    let picture = x.address + (<usize> (g * depth) << 2), to = y.address + offset;
    for (let b = y.extent0; b > 0; b--) {
      conv_picture_f32(
        table,
        places,
        count,
        picture,
        depth,
        panels,
        n,
        to,
        y.stride,
        biases,
        own,
      );
      picture += <usize> (x.extent1 * x.extent2) * x.stride;
      to += <usize> places * y.stride;
    }
  }
}
