/** From ranges to grids: float32 arithmetic in the order in which it stands here. */
import { FewbitError } from "../errors.ts";
import type { LlamaConfig } from "../models/llama_config.ts";
import { clampCode, LEAST_SCALE, scaleOf } from "../numeric/grid.ts";
import { roundHalfEven } from "../numeric/half_even.ts";
import { residualLimits } from "./decoder_grids.ts";
import type { DecoderGrid, DecoderGrids } from "./decoder_grids.ts";
import type { ChannelRange, DecoderRanges } from "./decoder_ranges.ts";
import { paperGrids } from "./paper_sites.ts";
import { asymmetric, largest, magnitudes, symmetric } from "./range_grids.ts";

const { fround, abs, max } = Math;

/** Fractional bits of the residual at most, and how far beyond its largest value it reaches. */
const MOST_RESIDUAL_BITS = 16;
const RESIDUAL_ROOM = 4;
/** Fractional bits of logits. */
const LOGIT_BITS = 12;

/**
 * How far channels are shrunk that are larger than others: `max(1, magnitude / quantile)^power`, the quantile
 * of all magnitudes by linear interpolation.
 */
export interface Shrinking {
  /** ½ is the median. */
  readonly quantile: number;
  /** 0 shrinks nothing. */
  readonly power: number;
}

/** What is shrunk. */
export interface Smoothing {
  /** Both norms. */
  readonly norms: Shrinking;
  /** What the last layer of an MLP reads. */
  readonly down: Shrinking;
}

/** What values lie on. */
export interface SiteChoice {
  /** Bits of what the last layer of an MLP reads. Default: 8. */
  readonly down?: 8 | 12;
  /** Default: those of the engine. */
  readonly sites?: "default" | "paper";
}

/** The square root of how many times the median. */
export const ROOT: Shrinking = { quantile: 0.5, power: 0.5 };

/** Divides nothing. */
export const NO_SHRINKING: Shrinking = { quantile: 0.5, power: 0 };

/** Few channels are shrunk: what is best for `down` where a row of 4-bit weights has one scale, by GPTQ. */
export const FEW: Shrinking = { quantile: 0.98, power: 1 };

/** What is tried for `down`: the best one differs from model to model, and nothing else matters so much. */
export const SHRINKINGS: readonly Shrinking[] = [
  NO_SHRINKING,
  ROOT,
  { quantile: 0.5, power: 1 },
  { quantile: 0.9, power: 1 },
  { quantile: 0.95, power: 1 },
  FEW,
];

/**
 * The grids that follow from ranges.
 *
 * @param smoothing How far channels are shrunk, or their divisors by site.
 * @param choice Which sites there are.
 */
export function gridsOfRanges(
  config: LlamaConfig,
  { channels, residual, prefix, rotation }: DecoderRanges,
  smoothing: Smoothing | ReadonlyMap<string, Float32Array> = { norms: ROOT, down: ROOT },
  { down: downBits = 8, sites = "default" }: SiteChoice = {},
): DecoderGrids {
  const divisorsOf = (layer: string, site: "norm1" | "norm2" | "down"): Float32Array => {
    const size = magnitudes(rangeOf(layer + site));
    if (!("norms" in smoothing)) return smoothing.get(layer + site) ?? size.map(() => 1);
    return smoothed(size, site === "down" ? smoothing.down : smoothing.norms);
  };
  const grids = new Map<string, DecoderGrid>();
  const rangeOf = (site: string): ChannelRange => {
    const range = channels.get(site);
    if (range !== undefined) return range;
    throw new FewbitError("invalid_argument", `Cannot calibrate: no range of "${site}"`);
  };
  for (let layer = 0; layer < config.depth; layer++) {
    const at = `layers.${layer}.`;
    const set = (site: string, grid: DecoderGrid): void => {
      grids.set(at + site, grid);
    };
    for (const site of ["norm1", "norm2", "down"] as const) {
      const range = rangeOf(at + site);
      const divisors = divisorsOf(at, site);
      const divide = (x: number, c: number): number => fround(x / divisors[c]);
      const shrunk = { low: range.low.map(divide), high: range.high.map(divide) };
      if (site === "down" && downBits > 8) {
        set(site, { ...asymmetric(shrunk, downBits), bits: downBits, divisors });
      } else set(site, { ...asymmetric(shrunk, 8), divisors });
    }
    set("context", asymmetric(rangeOf(`${at}context`), 8));
    set("gate", asymmetric(rangeOf(`${at}gate`), 12));
    const { divisors } = grids.get(`${at}down`)!;
    const up = magnitudes(rangeOf(`${at}up`)).map((m, c) => m / divisors![c]);
    // Room for twice the range.
    set("up", symmetric(2 * largest(up), 16));
    const keys = keyGrid(rangeOf(`${at}k`), config.headSize);
    set("k", keys);
    set("v", headGrids(rangeOf(`${at}v`), config.kvHeads));
    set("q", queryGrid(rangeOf(`${at}q`), keys.scales, config));
    if (sites === "default") continue;
    for (const [site, grid] of paperGrids(config, (site) => rangeOf(at + site), divisors!)) {
      set(site, grid);
    }
  }
  grids.set("norm", symmetric(largest(magnitudes(rangeOf("norm"))), 14));
  return {
    residualBits: residualBits(config, residual),
    grids,
    ...rotation && { rotation },
    prefix: {
      ids: prefix.ids,
      rows: new Map(
        [...prefix.rows].map(([site, rows]) => [site, codesOf(rows, grids.get(site)!, config)]),
      ),
      logits: Int32Array.from(prefix.logits, (x) => roundHalfEven(x * 2 ** LOGIT_BITS)),
    },
  };
}

/** Codes of rows of keys, with a grid a channel, or values, with one a head. */
function codesOf(
  rows: Float32Array,
  { scales, zeros }: DecoderGrid,
  { kvHeads, headSize }: LlamaConfig,
): Int8Array {
  const columns = kvHeads * headSize;
  return Int8Array.from(rows, (x, i) => {
    const at = Math.floor(i % columns / (columns / zeros.length));
    return clampCode(roundHalfEven(x / scales[at]) + zeros[at], 8);
  });
}

/** The largest number of fractional bits with which the residual keeps room. */
function residualBits({ width, epsilon }: LlamaConfig, residual: number): number {
  for (let bits = MOST_RESIDUAL_BITS; bits > 0; bits--) {
    const { limit } = residualLimits(width, epsilon, bits);
    if (RESIDUAL_ROOM * residual * 2 ** bits <= limit) return bits;
  }
  return 0;
}

/** Divisors of channels of these magnitudes. */
function smoothed(size: Float32Array, { quantile, power }: Shrinking): Float32Array {
  const sorted = size.toSorted();
  const at = quantile * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  const base = fround(below + fround(fround(above - below) * (at - Math.floor(at))));
  // Channels that are mostly 0 have no others to be compared with.
  if (base === 0) return size.map(() => 1);
  return size.map((m) => max(1, fround(m / base)) ** power);
}

/** A grid for each head. */
function headGrids({ low, high }: ChannelRange, heads: number): DecoderGrid {
  const size = low.length / heads;
  const own = Array.from({ length: heads }, (_, head) => {
    const part = (x: Float32Array) => x.subarray(head * size, (head + 1) * size);
    return asymmetric({ low: part(low), high: part(high) }, 8);
  });
  return {
    scales: Float32Array.from(own, ({ scales }) => scales[0]),
    zeros: Int32Array.from(own, ({ zeros }) => zeros[0]),
  };
}

/**
 * Keys: a scale for each pair of channels that turns together, such that the pair fits whatever its angle,
 * and a code of 0 for each channel. Neither costs anything: q takes up the scale, and the codes of 0 add the
 * same to all scores of a row.
 */
function keyGrid({ low, high }: ChannelRange, headSize: number): DecoderGrid {
  if (headSize % 2 !== 0) throw new FewbitError("internal", `Heads of ${headSize} channels`);
  const size = magnitudes({ low, high });
  const scales = new Float32Array(low.length);
  for (let a = 0; a < low.length; a += 2) {
    const b = a + 1;
    const span = max(fround(high[a] - low[a]), fround(high[b] - low[b]));
    const square = (c: number): number => fround(size[c] * size[c]);
    const radius = fround(Math.sqrt(fround(square(a) + square(b))));
    scales[a] = scales[b] = max(fround(max(span, radius) / 255), LEAST_SCALE);
  }
  const zeros = Int32Array.from(low, (l, c) => -128 - roundHalfEven(fround(l / scales[c])));
  return { scales, zeros };
}

/** Queries times the scales of the keys that they meet: a scale a head. */
function queryGrid(
  range: ChannelRange,
  keys: Float32Array,
  { heads, kvHeads, headSize }: LlamaConfig,
): DecoderGrid {
  const size = magnitudes(range);
  const group = heads / kvHeads;
  const scales = Float32Array.from({ length: heads }, (_, head) => {
    const first = Math.floor(head / group) * headSize;
    let most = 0;
    for (let c = 0; c < headSize; c++) {
      most = max(most, abs(fround(size[head * headSize + c] * keys[first + c])));
    }
    return scaleOf(most, 8);
  });
  return { scales, zeros: new Int32Array(1) };
}
