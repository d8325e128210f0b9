/**
 * What MobileQuant's stages leave (Tan et al., 2024): float weights that have taken up the scales and are limited to their
 * clipped ranges, and a least and a most of each site. Whoever quantises them again finds the same grids.
 */
import type { LlamaConfig } from "../../models/llama_config.ts";
import { unsignedCodes } from "./fake_quantization.ts";
import { folded } from "./fold_scales.ts";
import { LearnedLlama } from "./learned_llama.ts";
import type { LearnedSettings, Range } from "./learned_llama.ts";
import { BLOCK_LINEARS } from "./llama_block.ts";
import type { BlockSite } from "./llama_block.ts";

/** Weights and ranges, with no more to learn in them. */
export interface ExportedLlama {
  /** By their names in the model. */
  readonly weights: ReadonlyMap<string, Float32Array>;
  /** By site: `layers.N.norm1`. */
  readonly ranges: ReadonlyMap<string, Range>;
}

/** A logit of which σ is 1 in float32: the whole range. */
const WHOLE = 30;

/**
 * Folds scales, then limits weights to `−σ(l)·max(−min, 0) … σ(u)·max(max, 0)` of their row or tensor; symmetric ones to the
 * larger of the two on both sides, which is the range of their codes but for the one most negative code.
 */
export async function exportLearned(model: LearnedLlama): Promise<ExportedLlama> {
  const made = await folded(model);
  const weights = new Map(made.weights);
  for (let layer = 0; layer < model.config.depth; layer++) {
    for (const name of BLOCK_LINEARS) {
      const logits = (end: string): Float32Array =>
        made.values.get(`layers.${layer}.lwc.${name}.${end}`)!;
      const weight = made.weightName(layer, name);
      weights.set(
        weight,
        limited(
          weights.get(weight)!,
          logits("high"),
          logits("low"),
          model.settings.symmetric ?? false,
        ),
      );
    }
  }
  return { weights, ranges: rangesOf(made) };
}

/** The model of what was exported: codes of 0 are rounded, as every deployment rounds them. */
export function importLearned(
  config: LlamaConfig,
  { weights, ranges }: ExportedLlama,
  settings: LearnedSettings,
): LearnedLlama {
  const model = new LearnedLlama(config, weights, settings);
  for (const [name, values] of model.values) {
    if (LearnedLlama.isOf(name, ["lwc"])) values.fill(WHOLE);
  }
  model.setRanges(ranges);
  return model;
}

/** Rows, or all of them, within the parts of their ranges that are kept. */
function limited(
  weight: Float32Array,
  high: Float32Array,
  low: Float32Array,
  symmetric: boolean,
): Float32Array {
  const columns = weight.length / high.length;
  const made = new Float32Array(weight.length);
  for (let part = 0; part < high.length; part++) {
    const own = weight.subarray(part * columns, (part + 1) * columns);
    const up = sigmoid(high[part]) * own.reduce((a, b) => Math.max(a, b), 0);
    const down = sigmoid(low[part]) * own.reduce((a, b) => Math.min(a, b), 0);
    const [least, most] = symmetric ? [Math.min(down, -up), Math.max(up, -down)] : [down, up];
    made.set(own.map((w) => Math.max(least, Math.min(most, w))), part * columns);
  }
  return made;
}

/** `least = −zero·scale`, `most = least + Q·scale`, of raw ranges and of logarithms. */
function rangesOf({ values, settings }: LearnedLlama): ReadonlyMap<string, Range> {
  const ranges = new Map<string, Range>();
  for (const [name, [learned]] of values) {
    const [, layer, site] = /^(layers\.\d+)\.range\.(.+)\.scale$/.exec(name) ?? [];
    if (layer === undefined) continue;
    const scale = settings.ranges === "log" ? Math.exp(learned) : learned;
    const [zero] = values.get(name.replace(/scale$/, "zero"))!;
    const { most } = unsignedCodes(settings.sites[site as BlockSite]!);
    const low = -zero * scale;
    ranges.set(`${layer}.${site}`, [low, low + most * scale]);
  }
  return ranges;
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}
