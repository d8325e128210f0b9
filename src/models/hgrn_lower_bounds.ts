/** Lower bounds of forget gates. */
import { lowerBounds } from "../numeric/lower_bounds.ts";

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
    lowerBounds(column).forEach((bound, l) => bounds[l][c] = bound);
  }
  return bounds;
}
