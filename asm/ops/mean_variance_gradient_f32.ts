// dx = inverse·((dy − Σdy/B) − y·(Σdy·y/B)); without the first mean where there is no centre.
import { MeanVarianceGradientF32 } from "../generated/ops/mean_variance_gradient_f32";
import {
  sum_rows_and_products_f32,
  sum_rows_f32,
  sums_scratch,
  TERM_PLAIN,
  TERM_PRODUCT,
} from "../kernels/sums_f32";
import { store_words } from "../kernels/tail";

export function scratch_mean_variance_gradient_f32(op: MeanVarianceGradientF32): usize {
  const n = op.y.columns;
  return 2 * sums_scratch(n) + (<usize> (n + 3 & ~3) << 3) + 16;
}

export function exec_mean_variance_gradient_f32(op: MeanVarianceGradientF32): void {
  const y = op.y, inverse = op.inverse, dy = op.dy, dx = op.dx, centred = op.center == 1;
  const b = y.extent1, n = y.columns, count = <f32> b, bytes = <usize> (n + 3 & ~3) << 2;
  const shift = op.scratch + 15 & ~15, slope = shift + bytes, own = slope + bytes;
  let p = y.address, q = dy.address, to = dx.address, factor = inverse.address;
  for (let a = y.extent0; a > 0; a--, factor += inverse.stride) {
    memory.fill(shift, 0, bytes);
    if (centred && n > 1) {
      sum_rows_and_products_f32(q, dy.stride, p, y.stride, b, n, shift, slope, own);
    } else {
      if (centred) sum_rows_f32(TERM_PLAIN, q, dy.stride, 0, 0, b, n, 0, 0, shift, own);
      sum_rows_f32(TERM_PRODUCT, q, dy.stride, p, y.stride, b, n, 0, 0, slope, own);
    }
    for (let i: usize = 0; i < <usize> n << 2; i += 4) {
      if (centred) store<f32>(shift + i, load<f32>(shift + i) / count);
      store<f32>(slope + i, load<f32>(slope + i) / count);
    }
    if (n == 1 && y.stride == 4 && dy.stride == 4 && dx.stride == 4) {
      const mean = v128.load32_splat(shift), rate = v128.load32_splat(slope);
      const scale = v128.load32_splat(factor);
      for (let i: usize = 0, left = b; left > 0; left -= 4, i += 16) {
        const near = f32x4.sub(v128.load(q + i), mean);
        const rest = f32x4.sub(near, f32x4.mul(v128.load(p + i), rate));
        store_words(to + i, f32x4.mul(scale, rest), left);
      }
      const line = <usize> b << 2;
      p += line, q += line, to += line;
      continue;
    }
    for (let r = b; r > 0; r--, p += y.stride, q += dy.stride, to += dx.stride) {
      let i: usize = 0, left = n;
      for (; left >= 4; left -= 4, i += 16) {
        v128.store(to + i, slope_of(p + i, q + i, shift + i, slope + i, factor + i));
      }
      if (left) store_words(to + i, slope_of(p + i, q + i, shift + i, slope + i, factor + i), left);
    }
  }
}

// @ts-ignore: decorator
@inline
function slope_of(y: usize, dy: usize, shift: usize, slope: usize, factor: usize): v128 {
  const near = f32x4.sub(v128.load(dy), v128.load(shift));
  const rest = f32x4.sub(near, f32x4.mul(v128.load(y), v128.load(slope)));
  return f32x4.mul(v128.load(factor), rest);
}
