/** Weights as int8. */

/** Codes of a weight with the scale of each column. */
export interface QuantizedWeight {
  readonly codes: Int8Array;
  readonly scales: Float32Array;
}

/**
 * Quantises symmetrically, per channel.
 *
 * @param weight Float32.
 * @param channels How many channels there are.
 * @param inner Consecutive elements of one channel (1 where channels are the last axis).
 */
export function quantizeWeight(
  weight: Float32Array,
  channels: number,
  inner: number,
): QuantizedWeight {
  const channelOf = (i: number) => Math.floor(i / inner) % channels;
  const scales = new Float32Array(channels);
  weight.forEach((w, i) => {
    scales[channelOf(i)] = Math.max(scales[channelOf(i)], Math.abs(w) / 127);
  });
  return { codes: Int8Array.from(weight, (w, i) => Math.round(w / scales[channelOf(i)])), scales };
}
