// The adjoint of convolution: a product for all taps of a picture, then each tap is added where it reads, taps ascending.
import { CONTEXT_ATTRIBUTES } from "../generated/operand";
import { ConvTransposeF32 } from "../generated/ops/conv_transpose_f32";
import { dense_bytes, dense_rows } from "../kernels/dense_rows";
import { depthwise_transpose_f32, depthwise_transpose_scratch, fill_rows } from "../kernels/depthwise_f32";
import { gemm_f32, gemm_f32_scratch } from "../kernels/gemm_f32";
import { panels_bytes } from "../kernels/matmul_f32";
import { pack_panels_f32 } from "../kernels/pack_f32";
import { taps_at } from "../kernels/pictures_f32";
import { store_words } from "../kernels/tail";

// @ts-ignore: decorator
@inline
function is_depthwise(op: ConvTransposeF32): bool {
  return op.weight.columns == 1 && op.group == op.weight.extent0 && op.group > 1;
}

export function scratch_conv_transpose_f32(op: ConvTransposeF32): usize {
  const weight = op.weight, x = op.x;
  const taps = taps_at(changetype<usize>(op) + CONTEXT_ATTRIBUTES);
  if (is_depthwise(op)) return depthwise_transpose_scratch(taps, weight, op.y);
  const places = x.extent1 * x.extent2, k = x.columns / op.group, n = weight.extent1 * weight.extent2 * weight.columns;
  return panels_bytes(k, n) + gemm_f32_scratch(places, k, n) + <usize> places * <usize> n * 4 +
    dense_bytes(weight) + 256;
}

export function exec_conv_transpose_f32(op: ConvTransposeF32): void {
  const x = op.x, weight = op.weight, y = op.y;
  const taps = taps_at(changetype<usize>(op) + CONTEXT_ATTRIBUTES);
  if (is_depthwise(op)) {
    depthwise_transpose_f32(taps, x, weight, y, op.scratch);
    return;
  }
  fill_rows(y);
  const height = weight.extent1, width = weight.extent2, depth = weight.columns;
  const group = op.group, k = x.columns / group, n = height * width * depth;
  const weights = dense_rows(weight, op.scratch), row = <usize> n << 2;
  const panels = op.scratch + dense_bytes(weight) + 63 & ~63, sums = panels + panels_bytes(k, n);
  const places = x.extent1 * x.extent2, own = sums + (<usize> places * row + 63 & ~63);
  for (let g = 0; g < group; g++) {
    const channels = <usize> (g * depth) << 2;
    pack_panels_f32(weights + <usize> (g * k) * row, row, k, n, 0, panels);
    for (let b = 0; b < x.extent0; b++) {
      const from = x.address + <usize> (b * places) * x.stride + (<usize> (g * k) << 2);
      gemm_f32(from, x.stride, places, k, panels, n, sums, row, 0, 0, 0, own);
      let tap = sums;
      for (let p = 0; p < height; p++) {
        for (let q = 0; q < width; q++, tap += <usize> depth << 2) {
          let sum = tap;
          for (let i = 0; i < x.extent1; i++) {
            const h = taps.row(i, p);
            for (let j = 0; j < x.extent2; j++, sum += row) {
              const place = taps.place(y, b, h, taps.column(j, q));
              if (!place) continue;
              const to = place + channels;
              for (let d = 0; d < depth; d += 4) {
                const at = <usize> d << 2;
                store_words(to + at, f32x4.add(v128.load(to + at), v128.load(sum + at)), depth - d);
              }
            }
          }
        }
      }
    }
  }
}
