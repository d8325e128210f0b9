/** A vision transformer of either family. */
import { FewbitError } from "../errors.ts";
import type { Graph } from "../graph/graph.ts";
import { buildDeiT } from "./deit.ts";
import { canonicalNames } from "./names.ts";
import { buildSwin } from "./swin.ts";
import { visionConfig } from "./vision_config.ts";
import type { Weights } from "./weights.ts";

/**
 * Builds the float32 graph of a DeiT, ViT or Swin.
 *
 * @param config Parsed config.json, timm's or Hugging Face's.
 * @param weights The checkpoint's tensors.
 */
export function buildVisionModel(
  config: Readonly<Record<string, unknown>>,
  weights: Weights,
): Graph {
  const parsed = visionConfig(config);
  const { imageSize, patchSize } = parsed;
  if (imageSize % patchSize !== 0) {
    throw new FewbitError("unsupported", `Patches of ${patchSize} pixels do not fill ${imageSize}`);
  }
  const named = canonicalNames(weights);
  return parsed.family === "deit" ? buildDeiT(parsed, named) : buildSwin(parsed, named);
}
