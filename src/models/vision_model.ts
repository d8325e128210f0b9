/** A vision transformer of either family. */
import { FewbitError } from "../errors.ts";
import type { Graph } from "../graph/graph.ts";
import { buildDeiT } from "./deit.ts";
import { canonicalNames } from "./names.ts";
import { buildSwin } from "./swin.ts";
import { visionConfig } from "./read_vision_config.ts";
import type { Weights } from "./weights.ts";

/**
 * Tensors that a classifier does not read, by their names here: index tables and masks that follow from
 * the sizes, the token of masked pretraining, the pooler of `ViTModel`, counters.
 */
const UNUSED: readonly RegExp[] = [
  /\.attn\.relative_position_index$/,
  /\.attn_mask$/,
  /^embeddings\.(mask_token|position_ids)$/,
  /^mask_token$/,
  /^pooler\./,
  /(^|\.)num_batches_tracked$/,
];

/**
 * Builds the float32 graph of a DeiT, ViT or Swin.
 *
 * @param config Parsed config.json, timm's or Hugging Face's.
 * @param weights The checkpoint's tensors.
 * @param unused Tensors that may be left besides those that no classifier reads.
 * @throws {FewbitError} `unsupported` where a tensor is left that nothing uses, or a setting is not done.
 */
export function buildVisionModel(
  config: Readonly<Record<string, unknown>>,
  weights: Weights,
  unused: readonly RegExp[] = [],
): Graph {
  const parsed = visionConfig(config);
  const { imageSize, patchSize } = parsed;
  if (imageSize.some((side) => side % patchSize !== 0)) {
    throw new FewbitError(
      "unsupported",
      `Patches of ${patchSize} pixels do not fill ${imageSize.join(" × ")}`,
    );
  }
  const named = canonicalNames(weights);
  const graph = parsed.family === "deit" ? buildDeiT(parsed, named) : buildSwin(parsed, named);
  named.assertAllUsed([...UNUSED, ...unused]);
  return graph;
}
