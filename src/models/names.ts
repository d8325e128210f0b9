/** Names of other libraries' checkpoints to timm's, which the builders use. */
import { FewbitError } from "../errors.ts";
import type { Tensor } from "../tensor.ts";
import { float32 } from "./weights.ts";
import type { Weights } from "./weights.ts";

/**
 * Weights under timm's names: Hugging Face's ViT, DeiT and Swin are renamed (query, key and value
 * joined), newer timm Swins put back to the older stage names.
 *
 * @throws {FewbitError} `unsupported` for variants that the builders do not have, by name.
 */
export function canonicalNames(weights: Weights): Map<string, Tensor> {
  const names = [...weights.keys()];
  for (const name of names) {
    const variant = /(^|\.)(dist_token|distillation_token|norm_pre|fc_norm|head_dist)(\.|$)/.exec(
      name,
    );
    if (variant !== null) {
      throw new FewbitError("unsupported", `Models with "${variant[2]}" are not supported`);
    }
  }
  const huggingFace = names.some((name) => /(^|\.)encoder\.layers?\./.test(name));
  const renamed = huggingFace ? fromHuggingFace(weights) : new Map(weights);
  return fromNewTimm(renamed);
}

/** `head.fc` is `head`; a stage's `downsample` stands at its start there, at the end of the one before here. */
function fromNewTimm(weights: Weights): Map<string, Tensor> {
  const atStart = weights.has("head.fc.weight") &&
    ![...weights.keys()].some((name) => name.startsWith("layers.0.downsample."));
  const result = new Map<string, Tensor>();
  for (const [name, tensor] of weights) {
    let to = name.replace(/^head\.fc\./, "head.");
    if (atStart) {
      to = to.replace(
        /^layers\.(\d+)\.downsample\./,
        (_, n) => `layers.${Number(n) - 1}.downsample.`,
      );
    }
    result.set(to, tensor);
  }
  return result;
}

const RENAMES: readonly (readonly [RegExp, string])[] = [
  [/^embeddings\.cls_token$/, "cls_token"],
  [/^embeddings\.position_embeddings$/, "pos_embed"],
  [/^embeddings\.patch_embeddings\.projection\./, "patch_embed.proj."],
  [/^embeddings\.norm\./, "patch_embed.norm."],
  [/^encoder\.layer\.(\d+)\./, "blocks.$1."],
  [/^encoder\.layers\.(\d+)\./, "layers.$1."],
  [/\.layernorm_before\./, ".norm1."],
  [/\.layernorm_after\./, ".norm2."],
  [/\.attention\.output\.dense\./, ".attn.proj."],
  [/\.attention\.self\.relative_position_bias_table$/, ".attn.relative_position_bias_table"],
  [/\.intermediate\.dense\./, ".mlp.fc1."],
  [/\.output\.dense\./, ".mlp.fc2."],
  [/^layernorm\./, "norm."],
  [/^classifier\./, "head."],
];

function fromHuggingFace(weights: Weights): Map<string, Tensor> {
  const result = new Map<string, Tensor>();
  for (const [name, tensor] of weights) {
    let to = name.replace(/^(vit|deit|swin)\./, "");
    if (/relative_position_index$/.test(to)) continue;
    for (const [pattern, replacement] of RENAMES) to = to.replace(pattern, replacement);
    result.set(to, tensor);
  }
  return joinQueryKeyValue(result);
}

function joinQueryKeyValue(weights: Map<string, Tensor>): Map<string, Tensor> {
  const pattern = /^(.*)\.attention\.(?:attention|self)\.(query|key|value)\.(weight|bias)$/;
  const result = new Map<string, Tensor>();
  for (const [name, tensor] of weights) {
    const match = pattern.exec(name);
    if (match === null) result.set(name, tensor);
    else if (match[2] === "query") {
      const [, block, , kind] = match;
      const parts = ["query", "key", "value"].map((part) => {
        const other = name.replace(/\.query\./, `.${part}.`);
        const found = weights.get(other);
        if (found === undefined) {
          throw new FewbitError("not_found", `The checkpoint has no tensor "${other}"`);
        }
        return float32(found, other);
      });
      const [size, ...rest] = tensor.shape;
      const data = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
      let at = 0;
      for (const part of parts) {
        data.set(part, at);
        at += part.length;
      }
      result.set(`${block}.attn.qkv.${kind}`, { dtype: "f32", shape: [3 * size, ...rest], data });
    }
  }
  return result;
}
