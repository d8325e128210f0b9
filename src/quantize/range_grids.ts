/** Grids of one scale from ranges: float32 arithmetic in the order in which it stands here. */
import { LEAST_SCALE, scaleOf } from "../numeric/grid.ts";
import { roundHalfEven } from "../numeric/half_even.ts";
import type { DecoderGrid } from "./decoder_grids.ts";
import type { ChannelRange } from "./decoder_ranges.ts";

const { fround, max, min } = Math;

/** `max(−low, high)` of each channel. */
export function magnitudes({ low, high }: ChannelRange): Float32Array {
  return low.map((l, c) => max(-l, high[c]));
}

/** The largest of some numbers. */
export function largest(values: Float32Array): number {
  return values.reduce((a, b) => max(a, b));
}

/** A grid on which 0 is the code of 0. */
export function symmetric(magnitude: number, bits: number): DecoderGrid {
  return { scales: Float32Array.of(scaleOf(fround(magnitude), bits)), zeros: new Int32Array(1) };
}

/** One grid for all channels, which holds 0. */
export function asymmetric({ low, high }: ChannelRange, bits: number): DecoderGrid {
  const from = min(0, low.reduce((a, b) => min(a, b)));
  const to = max(0, high.reduce((a, b) => max(a, b)));
  const scale = max(fround(fround(to - from) / (2 ** bits - 1)), LEAST_SCALE);
  const zero = roundHalfEven(fround(-from / scale)) - 2 ** (bits - 1);
  return { scales: Float32Array.of(scale), zeros: Int32Array.of(zero) };
}
