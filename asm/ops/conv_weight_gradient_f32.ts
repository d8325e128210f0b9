// The gradient of weights: blocks of places, dy turned times what taps read, the sums going on from block to block.
import { CONTEXT_ATTRIBUTES } from "../generated/operand";
import { ConvWeightGradientF32 } from "../generated/ops/conv_weight_gradient_f32";
import { conv_scratch_16, conv_weight_gradient_16 } from "../kernels/conv_16";
import { move_rows } from "../kernels/dense_rows";
import {
  depthwise_gradient_scratch,
  depthwise_weight_gradient_f32,
} from "../kernels/depthwise_f32";
import { K_BLOCK, matmul_tn_block, matmul_tn_scratch, tn_panels } from "../kernels/matmul_f32";
import { pack_panels_f32 } from "../kernels/pack_f32";
import { im2row_f32, taps_at } from "../kernels/pictures_f32";
import { pack_tap_panels, table_bytes, write_table } from "../kernels/taps_f32";

// @ts-ignore: decorator
@inline
function is_depthwise(op: ConvWeightGradientF32): bool {
  return op.dw.columns == 1 && op.group == op.dw.extent0 && op.group > 1;
}

/** For each way to compute it: extents may be others when it runs. */
export function scratch_conv_weight_gradient_f32(op: ConvWeightGradientF32): usize {
  if (op.sums) return conv_scratch_16(op.dw, op.x.columns);
  const dw = op.dw, dy = op.dy, count = dw.extent1 * dw.extent2;
  const taps = taps_at(changetype<usize>(op) + CONTEXT_ATTRIBUTES);
  const n = count * dw.columns, m = dw.extent0 / op.group;
  const table = table_bytes(dy.extent1 * dy.extent2, count) + (<usize> (dw.columns + 4) << 2);
  return max(
    depthwise_gradient_scratch(taps, op.group, dw, dy),
    table + matmul_tn_scratch(m, n) + <usize> n * K_BLOCK * 4 + <usize> m * <usize> n * 4 + 256,
  );
}

export function exec_conv_weight_gradient_f32(op: ConvWeightGradientF32): void {
  const x = op.x, dy = op.dy, dw = op.dw;
  const taps = taps_at(changetype<usize>(op) + CONTEXT_ATTRIBUTES);
  // Of pictures that are given one by one (mixed.ts), dw has the sums of those before.
  const goesOn = op.partStart < 0;
  if (op.sums) {
    conv_weight_gradient_16(op.sums, taps, op.group, x, dy, dw, op.scratch, goesOn);
    return;
  }
  if (is_depthwise(op)) {
    depthwise_weight_gradient_f32(taps, x, dy, dw, op.scratch, goesOn);
    return;
  }
  const height = dw.extent1, width = dw.extent2, depth = dw.columns;
  const group = op.group, m = dy.columns / group, n = height * width * depth;
  const row = <usize> n << 2, places = dy.extent1 * dy.extent2;
  const sums = op.scratch + (row * K_BLOCK + 63 & ~63), own = sums + <usize> m * row;
  // Where whole panels are channels of one tap, they are packed from where it reads, without im2row.
  const direct = (depth & 7) == 0, taps_count = height * width;
  const table = own + matmul_tn_scratch(m, n), zeros = table + table_bytes(places, taps_count);
  if (direct) {
    memory.fill(zeros, 0, <usize> depth << 2);
    write_table(taps, x, dy.extent1, dy.extent2, height, width, table);
  }
  for (let g = 0; g < group; g++) {
    const own_rows = dw.address + <usize> (g * m * height * width) * dw.stride;
    if (goesOn) move_rows(own_rows, dw.stride, sums, m * height * width, depth, true);
    for (let b = 0; b < dy.extent0; b++) {
      for (let first = 0; first < places; first += K_BLOCK) {
        const count = min(K_BLOCK, places - first);
        const channel = g * depth;
        const panels = tn_panels(m, own);
        if (direct) {
          const picture = x.address + <usize> (b * x.extent1 * x.extent2) * x.stride;
          const at = table + (<usize> first * <usize> taps_count << 2);
          const group_channel = picture + (<usize> channel << 2);
          pack_tap_panels(at, count, taps_count, group_channel, zeros, depth, panels);
        } else {
          im2row_f32(
            taps,
            x,
            b,
            dy.extent2,
            first,
            count,
            height,
            width,
            channel,
            depth,
            op.scratch,
          );
          pack_panels_f32(op.scratch, row, count, n, 0, panels);
        }
        const from = dy.address + <usize> (b * places + first) * dy.stride + (<usize> (g * m) << 2);
        const isFirst = b == 0 && first == 0 && !goesOn;
        matmul_tn_block(from, dy.stride, count, m, n, sums, row, isFirst, own);
      }
    }
    move_rows(own_rows, dw.stride, sums, m * height * width, depth, false);
  }
}
