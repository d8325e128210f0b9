/**
 * The sites of MobileQuant as the paper has them (Tan et al., 2024), to compare with: one range a tensor, and 8 bits also
 * before the rotation, for the gate, its sigmoid and SiLU, and for `up`.
 */
import type { LlamaConfig } from "../models/llama_config.ts";
import { scaleOf } from "../numeric/grid.ts";
import { roundHalfEven } from "../numeric/half_even.ts";
import type { DecoderGrid, DecoderGrids } from "./decoder_grids.ts";
import type { ChannelRange } from "./decoder_ranges.ts";
import { asymmetric, largest, magnitudes } from "./range_grids.ts";

/** Which sites a Llama has: those of the engine, or the paper's. */
export type SiteSet = "default" | "paper";

/** Sites of 8 bits of which integers of 16 are made afterwards: those that the engine goes on with. */
export const COARSE: Readonly<Record<string, string>> = {
  q16: "q_output",
  k16: "k_output",
  up: "up_output",
};

/** Whether grids are those of the paper's sites. */
export function hasPaperSites({ grids }: Pick<DecoderGrids, "grids">): boolean {
  return grids.has("layers.0.q_output");
}

/**
 * Grids of a layer in place of the default's, and those that it has beside them.
 *
 * @param rangeOf The range of a site.
 * @param divisors What `up` is divided by.
 */
export function paperGrids(
  { heads, kvHeads, headSize }: LlamaConfig,
  rangeOf: (site: string) => ChannelRange,
  divisors: Float32Array,
): ReadonlyMap<string, DecoderGrid> {
  const repeated = ({ scales, zeros }: DecoderGrid, count: number): DecoderGrid => ({
    scales: new Float32Array(count).fill(scales[0]),
    zeros: new Int32Array(count).fill(zeros[0]),
  });
  const keys = asymmetric(rangeOf("k"), 8);
  // Queries in units of the keys that they meet, as the engine has them.
  const query = scaleOf(Math.fround(largest(magnitudes(rangeOf("q"))) * keys.scales[0]), 8);
  const up = rangeOf("up");
  const divided = (x: Float32Array): Float32Array => x.map((value, c) => value / divisors[c]);
  const gate = { ...asymmetric(rangeOf("gate"), 8), bits: 8 as const };
  const silu = Float32Array.from({ length: 256 }, (_, i) => siluOf(gate, i - 128));
  return new Map<string, DecoderGrid>([
    ["q_output", asymmetric(rangeOf("q16"), 8)],
    ["k_output", asymmetric(rangeOf("k16"), 8)],
    ["up_output", asymmetric({ low: divided(up.low), high: divided(up.high) }, 8)],
    ["q", repeated({ scales: Float32Array.of(query), zeros: new Int32Array(1) }, heads)],
    ["k", repeated(keys, kvHeads * headSize)],
    ["v", repeated(asymmetric(rangeOf("v"), 8), kvHeads)],
    ["gate", gate],
    ["silu", asymmetric({ low: silu, high: silu }, 8)],
  ]);
}

/** The product of a gate's code and its sigmoid on 255 steps: what the grid of SiLU is made for. */
function siluOf({ scales, zeros }: DecoderGrid, code: number): number {
  const x = (code - zeros[0]) * scales[0];
  return x * roundHalfEven(255 / (1 + Math.exp(-x))) / 255;
}

/** SiLU of a gate's code on its own grid: 8 bits of the gate, of its sigmoid, of both multiplied. */
export function paperSilu(gate: DecoderGrid, { scales, zeros }: DecoderGrid, code: number): number {
  const own = roundHalfEven(siluOf(gate, Math.max(-128, Math.min(127, code))) / scales[0]) +
    zeros[0];
  return (Math.max(-128, Math.min(127, own)) - zeros[0]) * scales[0];
}
