/** Sizes of a vision transformer from the shapes of its tensors, for checkpoints without a config. */
import { FewbitError } from "../errors.ts";
import type { Weights } from "./weights.ts";

/**
 * A config.json for {@linkcode visionConfig}, as far as shapes tell: the heads of a DeiT are taken to
 * be 64 wide, the image of a Swin 224 pixels; `overrides` says otherwise.
 */
export function inferVisionConfig(
  weights: Weights,
  overrides: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  const shape = (name: string): readonly number[] => {
    const tensor = weights.get(name);
    if (tensor === undefined) {
      throw new FewbitError("not_found", `Cannot tell the model: no tensor "${name}"`);
    }
    return tensor.shape;
  };
  const [width, channels, patch] = shape("patch_embed.proj.weight");
  const common = {
    layer_norm_eps: 1e-6,
    qkv_bias: [...weights.keys()].some((name) => name.endsWith(".attn.qkv.bias")),
    patch_size: patch,
    num_channels: channels,
    num_classes: shape("head.weight")[0],
    embed_dim: width,
  };
  const count = (pattern: RegExp): number =>
    1 + Math.max(-1, ...[...weights.keys()].map((name) => Number(pattern.exec(name)?.[1] ?? -1)));
  if (weights.has("cls_token")) {
    const positions = shape("pos_embed");
    return {
      model_type: "vit",
      ...common,
      image_size: Math.sqrt(positions[positions.length - 2] - 1) * patch,
      depth: count(/^blocks\.(\d+)\./),
      num_heads: Math.max(1, Math.round(width / 64)),
      intermediate_size: shape("blocks.0.mlp.fc1.weight")[0],
      ...overrides,
    };
  }
  const stages = Array.from({ length: count(/^layers\.(\d+)\./) }, (_, i) => i);
  const table = (stage: number): readonly number[] =>
    shape(`layers.${stage}.blocks.0.attn.relative_position_bias_table`);
  return {
    model_type: "swin",
    ...common,
    image_size: 224,
    depths: stages.map((stage) => count(new RegExp(`^layers\\.${stage}\\.blocks\\.(\\d+)\\.`))),
    num_heads: stages.map((stage) => table(stage)[1]),
    window_size: (Math.sqrt(table(0)[0]) + 1) / 2,
    // A little more, so that the product with a width, rounded down, is the whole number that it is.
    mlp_ratio: shape("layers.0.blocks.0.mlp.fc1.weight")[0] * (1 + 1e-9) / width,
    ...overrides,
  };
}
