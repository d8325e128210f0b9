/** Lower bounds of forget gates from what is learned of them. */
import { exp64 } from "./exp64.ts";

/**
 * The softmax of a column over the layers, summed up to each layer, less the first layer's share: the bounds of one
 * channel, in float64; that of layer 0 is 0.
 */
export function lowerBounds(column: readonly number[]): number[] {
  const most = column.reduce((a, b) => Math.max(a, b));
  const exponentials = column.map((value) => exp64(value - most));
  const total = exponentials.reduce((a, b) => a + b);
  let sum = 0;
  return exponentials.map((e, l) => l === 0 ? 0 : sum += e / total);
}
