/** Observers: from the real values of an activation to the scale of its grid. */
import { FewbitError } from "../errors.ts";
import { scaleOf } from "../numeric/grid.ts";

/** Watches one activation over batches. */
export interface Observer {
  /**
   * Takes up a batch.
   *
   * @param values Real values; element i belongs to channel `i mod channels`.
   * @returns The largest magnitude that the grid has to hold, float32.
   */
  observe(values: Float32Array, channels: number): number;
  /** Whether all that it looks at is the least and the largest value of each channel. */
  readonly looksAtExtremes?: boolean;
}

/** Name of an observer. */
export type ObserverKind = "minmax" | "percentile";

/** Makes an observer. */
export function createObserver(kind: ObserverKind): Observer {
  switch (kind) {
    case "minmax":
      return new MovingMinMax();
    case "percentile":
      return new Percentile();
    default:
      throw new FewbitError("invalid_argument", `Unknown observer "${kind}": minmax or percentile`);
  }
}

/** Scale of an activation of `bits` bits whose largest magnitude is known. */
export function scaleFor(magnitude: number, bits: number, name: string): number {
  if (!Number.isFinite(magnitude)) {
    throw new FewbitError("invalid_argument", `Cannot calibrate ${name}: a value is not finite`);
  }
  return scaleOf(magnitude, bits);
}

/** Momentum of the moving average, and its complement, as float32 (I-ViT: 0.95). */
const OLD = Math.fround(0.95);
const NEW = Math.fround(0.05);

/** Averages of the least and the largest value of each channel. */
export interface MovingRange {
  /** `[channels]`. */
  readonly low: Float32Array;
  /** `[channels]`. */
  readonly high: Float32Array;
}

/** I-ViT's: per-channel minimum and maximum of a batch, averaged over batches with momentum 0.95. */
export class MovingMinMax implements Observer {
  readonly looksAtExtremes = true;
  /** What it has seen; a batch makes another of it. */
  range: MovingRange | undefined;

  observe(values: Float32Array, channels: number): number {
    const low = values.slice(0, channels);
    const high = values.slice(0, channels);
    for (let at = 0; at < values.length; at += channels) {
      for (let c = 0; c < channels; c++) {
        const value = values[at + c];
        // NaN must not get lost: Math.min and Math.max keep it.
        low[c] = Math.min(low[c], value);
        high[c] = Math.max(high[c], value);
      }
    }
    if (this.range !== undefined) {
      for (let c = 0; c < channels; c++) {
        low[c] = Math.fround(OLD * this.range.low[c]) + Math.fround(NEW * low[c]);
        high[c] = Math.fround(OLD * this.range.high[c]) + Math.fround(NEW * high[c]);
      }
    }
    this.range = { low, high };
    return this.magnitude;
  }

  /** The largest magnitude of what it has seen. */
  get magnitude(): number {
    const { low, high } = this.range!;
    let magnitude = -Infinity;
    for (let c = 0; c < low.length; c++) {
      if (Number.isNaN(low[c]) || Number.isNaN(high[c])) return NaN;
      magnitude = Math.max(magnitude, -low[c], high[c]);
    }
    return magnitude;
  }
}

/** Share of values that the grid holds. */
const SHARE = 0.9999;
const BINS = 1 << 14;

/** The 99.99th percentile of |x| over all batches, from a histogram whose range doubles as needed. */
class Percentile implements Observer {
  readonly #counts: Float64Array = new Float64Array(BINS);
  #range = 0;
  #total = 0;

  observe(values: Float32Array): number {
    let largest = 0;
    for (const value of values) {
      if (!Number.isFinite(value)) return NaN;
      largest = Math.max(largest, Math.abs(value));
    }
    if (this.#range === 0) this.#range = largest;
    while (largest > this.#range) this.#double();
    const scale = this.#range === 0 ? 0 : BINS / this.#range;
    for (const value of values) {
      this.#counts[Math.min(BINS - 1, Math.floor(Math.abs(value) * scale))]++;
    }
    this.#total += values.length;
    let seen = 0;
    for (let bin = 0; bin < BINS; bin++) {
      seen += this.#counts[bin];
      if (seen >= SHARE * this.#total) return Math.fround((bin + 1) * this.#range / BINS);
    }
    return this.#range;
  }

  #double(): void {
    for (let bin = 0; bin < BINS; bin++) {
      this.#counts[bin] = bin < BINS / 2 ? this.#counts[2 * bin] + this.#counts[2 * bin + 1] : 0;
    }
    this.#range *= 2;
  }
}

/** The largest magnitude over all batches, and that of each channel while their number stays the same. */
export class ChannelMaximum implements Observer {
  /** Largest magnitude of each channel. */
  maxima: Float32Array = new Float32Array(0);

  observe(values: Float32Array, channels: number): number {
    const first = this.maxima.length === 0;
    if (!first && this.maxima.length !== channels) {
      // Attention scores: as many channels as the text has tokens.
      this.maxima = Float32Array.of(this.maxima.reduce((a, b) => Math.max(a, b)));
      channels = 1;
    } else if (first) this.maxima = new Float32Array(channels);
    const { maxima } = this;
    for (let at = 0; at < values.length; at += channels) {
      for (let c = 0; c < channels; c++) {
        // A NaN stays.
        maxima[c] = Math.max(maxima[c], Math.abs(values[at + c]));
      }
    }
    return maxima.reduce((a, b) => Number.isNaN(a) || Number.isNaN(b) ? NaN : Math.max(a, b));
  }
}
