/** Names of other libraries' checkpoints to timm's, which the builders use. */
import { FewbitError } from "../errors.ts";
import type { Tensor } from "../tensor.ts";
import { CheckpointWeights, skippedOf } from "./checkpoint_weights.ts";
import { stripPrefixes } from "./_name_prefixes.ts";
import { float32 } from "./weights.ts";
import type { Weights } from "./weights.ts";

/** The tensor that every vision transformer has, by its names in timm and in transformers. */
const PATCHES = /(^|\.)(patch_embed\.proj|embeddings\.patch_embeddings\.projection)\.weight$/;

/**
 * Weights under timm's names: Hugging Face's ViT, DeiT and Swin are renamed (query, key and value
 * joined), newer timm Swins put back to the older stage names, and what stands before all names
 * (`vit.`, `module.`, `backbone.`) is taken off.
 *
 * @throws {FewbitError} `not_found` where query, key and value are not together, `unsupported` where two
 * tensors have one name.
 */
export function canonicalNames(weights: Weights): CheckpointWeights {
  const skipped = skippedOf(weights);
  const origins = stripPrefixes(
    [...weights.keys(), ...skipped.keys()],
    PATCHES,
    "patch_embed.proj.weight",
  );
  const huggingFace = [...origins.values()].some((name) => name.startsWith("embeddings."));
  const rename = huggingFace ? huggingFaceName : timmName([...origins.values()]);
  const result = new CheckpointWeights();
  const parts = new Map<string, string>();
  for (const [origin, stripped] of origins) {
    const name = rename(stripped);
    const kind = skipped.get(origin);
    if (kind !== undefined) result.skip(name.replace(PART, ".attn.qkv."), kind, origin);
    else if (PART.test(name)) parts.set(name, origin);
    else result.add(name, weights.get(origin)!, origin);
  }
  joinQueryKeyValue(weights, parts, result);
  return result;
}

/** `head.fc` is `head`; a stage's `downsample` stands at its start there, at the end of the one before here. */
function timmName(names: readonly string[]): (name: string) => string {
  const atStart = names.includes("head.fc.weight") &&
    !names.some((name) => name.startsWith("layers.0.downsample."));
  return (name) => {
    const to = name.replace(/^head\.fc\./, "head.");
    if (!atStart) return to;
    return to.replace(
      /^layers\.(\d+)\.downsample\./,
      (_, n) => `layers.${Number(n) - 1}.downsample.`,
    );
  };
}

/** Names in files, and those that modules of transformers 5 have in memory. */
const RENAMES: readonly (readonly [RegExp, string])[] = [
  [/^embeddings\.cls_token$/, "cls_token"],
  [/^embeddings\.distillation_token$/, "dist_token"],
  [/^embeddings\.position_embeddings$/, "pos_embed"],
  [/^embeddings\.patch_embeddings\.projection\./, "patch_embed.proj."],
  [/^embeddings\.norm\./, "patch_embed.norm."],
  [/^encoder\.layer\.(\d+)\./, "blocks.$1."],
  [/^layers\.(\d+)\./, "blocks.$1."],
  [/^encoder\.layers\.(\d+)\./, "layers.$1."],
  [/\.layernorm_before\./, ".norm1."],
  [/\.layernorm_after\./, ".norm2."],
  [/\.attention\.output\.dense\./, ".attn.proj."],
  [/\.attention\.o_proj\./, ".attn.proj."],
  [
    /\.attention\.(self|relative_position_bias)\.relative_position_(bias_table|index)$/,
    ".attn.relative_position_$2",
  ],
  [/\.attention\.(attention|self)\.(query|key|value)\./, ".attn.$2."],
  [/\.attention\.([qkv])_proj\./, ".attn.$1."],
  [/\.intermediate\.dense\./, ".mlp.fc1."],
  [/\.output\.dense\./, ".mlp.fc2."],
  [/^layernorm\./, "norm."],
  [/^(cls_)?classifier\./, "head."],
  [/^distillation_classifier\./, "head_dist."],
];

/** A third of a joined layer. */
const PART = /\.attn\.(query|key|value|q|k|v)\./;

function huggingFaceName(name: string): string {
  return RENAMES.reduce((to, [pattern, replacement]) => to.replace(pattern, replacement), name);
}

/** Query, key and value one after the other, as timm has them. */
function joinQueryKeyValue(
  weights: Weights,
  parts: ReadonlyMap<string, string>,
  result: CheckpointWeights,
): void {
  const find = (name: string, letter: "q" | "k" | "v"): [Tensor, string] => {
    const words = { q: "query", k: "key", v: "value" } as const;
    for (const part of [letter, words[letter]]) {
      const origin = parts.get(name.replace(PART, `.attn.${part}.`));
      if (origin !== undefined) return [weights.get(origin)!, origin];
    }
    const missing = name.replace(PART, `.attn.${words[letter]}.`);
    throw new FewbitError("not_found", `The checkpoint has no tensor "${missing}"`);
  };
  const joined = new Set<string>();
  for (const [name, origin] of parts) {
    const to = name.replace(PART, ".attn.qkv.");
    if (joined.has(to)) continue;
    joined.add(to);
    const tensors = (["q", "k", "v"] as const).map((letter) => find(name, letter));
    const [[{ shape: [size, ...rest] }]] = tensors;
    const bad = tensors.find(([{ shape }]) =>
      shape.length !== 1 + rest.length || shape[0] !== size ||
      rest.some((n, i) => n !== shape[i + 1])
    );
    if (bad !== undefined) {
      throw new FewbitError(
        "shape_mismatch",
        `Cannot build model: "${bad[1]}" is [${bad[0].shape}], expected [${[size, ...rest]}]`,
      );
    }
    const data = new Float32Array(3 * tensors[0][0].data.length);
    tensors.forEach(([tensor, from], i) => data.set(float32(tensor, from), i * data.length / 3));
    result.add(to, { dtype: "f32", shape: [3 * size, ...rest], data }, origin);
  }
}
