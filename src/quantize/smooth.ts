/** SmoothQuant (Xiao et al. 2023): a part of the range of activations moves to the weights, channel by channel. */
import type { Tensor } from "../tensor.ts";

/** `fl32(w[n][k]·divisors[k])`: weights for activations whose channels were divided. */
export function multiplyColumns({ shape, data }: Tensor, divisors: Float32Array): Tensor {
  const width = divisors.length;
  const scaled = Float32Array.from(data as Float32Array);
  for (let at = 0; at < scaled.length; at += width) {
    for (let k = 0; k < width; k++) scaled[at + k] *= divisors[k];
  }
  return { dtype: "f32", shape, data: scaled };
}

/**
 * SmoothQuant's divisors of the channels of an activation: `a^α / m^(1−α)`, divided by their
 * geometric mean; a and m at least 1e-5.
 *
 * @param activations Largest magnitude of each channel.
 * @param weights Largest magnitude of the weights that read each channel.
 */
export function smoothingDivisors(
  activations: Float32Array,
  weights: Float32Array,
  alpha: number,
): Float32Array {
  const divisors = Array.from(
    activations,
    (a, c) => Math.max(a, Math.fround(1e-5)) ** alpha / Math.max(weights[c], 1e-5) ** (1 - alpha),
  );
  const mean = divisors.reduce((sum, s) => sum + Math.log(s), 0) / divisors.length;
  return Float32Array.from(divisors, (s) => s / Math.exp(mean));
}

/** Largest magnitude of each column over some weights `[N, K]`. */
export function columnMaxima(weights: readonly Tensor[], width: number): Float32Array {
  const maxima = new Float32Array(width);
  for (const { data } of weights) {
    (data as Float32Array).forEach((w, i) => {
      maxima[i % width] = Math.max(maxima[i % width], Math.abs(w));
    });
  }
  return maxima;
}
