/** Lower bounds of forget gates. */

/**
 * Lower bounds of the forget gates of each layer: the softmax of `lambda` over the layers, summed up
 * to the layer, less the first layer's. Once for all inputs, so in float64, rounded to float32 at the
 * end: summing up to 32 rounded parts would lose bits that the bounds near 1 need.
 *
 * @param lambda `[layers, channels]`, row-major.
 * @param layers How many layers.
 * @returns A row for each layer; that of layer 0 is zero, and it has no bound.
 */
export function hgrnLowerBounds(lambda: Float32Array, layers: number): Float32Array[] {
  const channels = lambda.length / layers;
  const bounds = Array.from({ length: layers }, () => new Float32Array(channels));
  for (let c = 0; c < channels; c++) {
    const column = Array.from({ length: layers }, (_, l) => lambda[l * channels + c]);
    const most = column.reduce((a, b) => Math.max(a, b));
    const exponentials = column.map((value) => Math.exp(value - most));
    const total = exponentials.reduce((a, b) => a + b);
    let sum = 0;
    for (let l = 1; l < layers; l++) {
      sum += exponentials[l] / total;
      bounds[l][c] = sum;
    }
  }
  return bounds;
}
