// The middle extent normalised; sums as in ../kernels/sums_f32.ts:
//
//   d = (x − x₀) − Σ(x − x₀)/B;  variance = Σd²/B;  inverse = 1/√(variance + epsilon);  y = d·inverse
import { MeanVarianceF32 } from "../generated/ops/mean_variance_f32";
import { sum_rows_f32, sums_scratch, TERM_NEAR, TERM_SQUARE } from "../kernels/sums_f32";
import { store_words } from "../kernels/tail";

export function scratch_mean_variance_f32(op: MeanVarianceF32): usize {
  const n = op.x.columns;
  return sums_scratch(n) + row_bytes(n) * 2;
}

/** Bytes of a row of n elements, whole vectors of them. */
function row_bytes(n: i32): usize {
  return <usize> (n + 3 & ~3) << 2;
}

/** Divides a row by a number. */
function divide(row: usize, n: i32, by: f32): void {
  for (let i = 0; i < n; i++, row += 4) store<f32>(row, load<f32>(row) / by);
}

export function exec_mean_variance_f32(op: MeanVarianceF32): void {
  const x = op.x, moments = op.moments, y = op.y, centred = op.center == 1;
  const epsilon = load<f32>(op.epsilon.address), b = x.extent1, n = x.columns;
  const count = <f32> b, bytes = row_bytes(n);
  // Two rows of scratch: the first row of x (or zeros) and the mean of what is left.
  const first = op.scratch + 15 & ~15, shift = first + bytes, own = shift + bytes;
  let from = x.address, to = y.address, at = moments.address;
  for (let a = x.extent0; a > 0; a--, at += 3 * moments.stride) {
    memory.fill(first, 0, 2 * bytes);
    if (centred) {
      memory.copy(first, from, <usize> n << 2);
      sum_rows_f32(TERM_NEAR, from, x.stride, 0, 0, b, n, first, 0, shift, own);
      divide(shift, n, count);
    }
    const variance = at + moments.stride, inverse = variance + moments.stride;
    sum_rows_f32(TERM_SQUARE, from, x.stride, 0, 0, b, n, first, shift, variance, own);
    divide(variance, n, count);
    for (let i: usize = 0; i < <usize> n << 2; i += 4) {
      store<f32>(at + i, load<f32>(first + i) + load<f32>(shift + i));
      store<f32>(inverse + i, <f32> 1 / sqrt<f32>(load<f32>(variance + i) + epsilon));
    }
    if (n == 1 && x.stride == 4 && y.stride == 4) {
      const start = v128.load32_splat(first), mean = v128.load32_splat(shift);
      const factor = v128.load32_splat(inverse);
      for (let i: usize = 0, left = b; left > 0; left -= 4, i += 16) {
        const d = f32x4.sub(f32x4.sub(v128.load(from + i), start), mean);
        store_words(to + i, f32x4.mul(d, factor), left);
      }
      from += <usize> b << 2, to += <usize> b << 2;
      continue;
    }
    for (let r = b; r > 0; r--, from += x.stride, to += y.stride) {
      let i: usize = 0, left = n;
      for (; left >= 4; left -= 4, i += 16) {
        v128.store(to + i, normal(from + i, first + i, shift + i, inverse + i));
      }
      if (left) store_words(to + i, normal(from + i, first + i, shift + i, inverse + i), left);
    }
  }
}

// @ts-ignore: decorator
@inline
function normal(from: usize, first: usize, shift: usize, inverse: usize): v128 {
  const near = f32x4.sub(v128.load(from), v128.load(first));
  return f32x4.mul(f32x4.sub(near, v128.load(shift)), v128.load(inverse));
}
