// The adjoint of convolution: 1×1 as a product, else one for all taps of a picture, then each tap is added where it reads, taps ascending.
import { CONTEXT_ATTRIBUTES, Operand } from "../generated/operand";
import { ConvTransposeF32 } from "../generated/ops/conv_transpose_f32";
import { conv_scratch_16, conv_transpose_16 } from "../kernels/conv_16";
import { dense_bytes, dense_rows } from "../kernels/dense_rows";
import {
  depthwise_transpose_f32,
  depthwise_transpose_scratch,
  fill_rows,
} from "../kernels/depthwise_f32";
import { gemm_f32_fast, gemm_f32_scratch } from "../kernels/gemm_f32";
import { panels_bytes } from "../kernels/matmul_f32";
import { pack_panels_f32 } from "../kernels/pack_f32";
import { Taps, taps_at } from "../kernels/pictures_f32";
import { store_words } from "../kernels/tail";

// @ts-ignore: decorator
@inline
function is_depthwise(op: ConvTransposeF32): bool {
  return op.weight.columns == 1 && op.group == op.weight.extent0 && op.group > 1;
}

/** Whether a row of y is a row of x times the weights. */
// @ts-ignore: decorator
@inline
function is_plain(op: ConvTransposeF32): bool {
  const weight = op.weight, x = op.x, y = op.y;
  return weight.extent1 * weight.extent2 == 1 && op.stride_h == 1 && op.stride_w == 1 &&
    op.pad_top == 0 && op.pad_left == 0 && op.group == 1 && x.extent1 == y.extent1 &&
    x.extent2 == y.extent2;
}

/** For each way to compute it: extents may be others when it runs. */
export function scratch_conv_transpose_f32(op: ConvTransposeF32): usize {
  if (op.sums) return conv_scratch_16(op.weight, op.y.columns);
  const weight = op.weight, x = op.x;
  const taps = taps_at(changetype<usize>(op) + CONTEXT_ATTRIBUTES);
  const k = x.columns / op.group, n = weight.extent1 * weight.extent2 * weight.columns;
  return max(
    depthwise_transpose_scratch(taps, op.group, weight, op.y),
    panels_bytes(k, n) + gemm_f32_scratch(x.rows, k, n) +
      <usize> (x.extent1 * x.extent2) * <usize> n * 4 + dense_bytes(weight) + 256,
  );
}

export function exec_conv_transpose_f32(op: ConvTransposeF32): void {
  const x = op.x, weight = op.weight, y = op.y;
  const taps = taps_at(changetype<usize>(op) + CONTEXT_ATTRIBUTES);
  if (op.sums) {
    conv_transpose_16(op.sums, taps, op.group, x, weight, y, op.scratch);
    return;
  }
  if (is_depthwise(op)) {
    depthwise_transpose_f32(taps, x, weight, y, op.scratch);
    return;
  }
  const height = weight.extent1, width = weight.extent2, depth = weight.columns;
  const group = op.group, k = x.columns / group, n = height * width * depth;
  const weights = dense_rows(weight, op.scratch), row = <usize> n << 2;
  const panels = op.scratch + dense_bytes(weight) + 63 & ~63, sums = panels + panels_bytes(k, n);
  const places = x.extent1 * x.extent2, own = sums + (<usize> places * row + 63 & ~63);
  if (is_plain(op)) {
    // One tap, whose sums are not −0: nothing has to be added to zeros.
    pack_panels_f32(weights, row, k, n, 0, panels);
    gemm_f32_fast(x.address, x.stride, x.rows, k, panels, n, y.address, y.stride, 0, 0, 0, sums);
    return;
  }
  fill_rows(y);
  for (let g = 0; g < group; g++) {
    const channels = <usize> (g * depth) << 2;
    pack_panels_f32(weights + <usize> (g * k) * row, row, k, n, 0, panels);
    for (let b = 0; b < x.extent0; b++) {
      const from = x.address + <usize> (b * places) * x.stride + (<usize> (g * k) << 2);
      gemm_f32_fast(from, x.stride, places, k, panels, n, sums, row, 0, 0, 0, own);
      let tap = sums;
      for (let p = 0; p < height; p++) {
        for (let q = 0; q < width; q++, tap += <usize> depth << 2) {
          add_tap(taps, x, y, b, p, q, channels, depth, tap, row);
        }
      }
    }
  }
}

/** Adds the sums of a tap where it reads: which outputs of a row it has is asked once for each row. */
function add_tap(
  taps: Taps,
  x: Operand,
  y: Operand,
  b: i32,
  p: i32,
  q: i32,
  channels: usize,
  depth: i32,
  sums: usize,
  row: usize,
): void {
  const by = taps.stride_w, before = taps.column(0, q), width = y.extent2;
  const first = before < 0 ? min((by - 1 - before) / by, x.extent2) : 0;
  const end = before < width ? min((width - 1 - before) / by + 1, x.extent2) : first;
  const step = <usize> by * y.stride;
  for (let i = 0; i < x.extent1; i++, sums += <usize> x.extent2 * row) {
    const h = taps.row(i, p);
    if (<u32> h >= <u32> y.extent1) continue;
    const place = (b * y.extent1 + h) * width + first * by + before;
    let to = y.address + <usize> place * y.stride + channels, sum = sums + <usize> first * row;
    for (let j = first; j < end; j++, to += step, sum += row) {
      let at: usize = 0, left = depth;
      for (; left >= 4; left -= 4, at += 16) {
        v128.store(to + at, f32x4.add(v128.load(to + at), v128.load(sum + at)));
      }
      if (left) store_words(to + at, f32x4.add(v128.load(to + at), v128.load(sum + at)), left);
    }
  }
}
