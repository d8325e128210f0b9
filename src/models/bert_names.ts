/** Names of the tensors of a BERT. */
import { CheckpointWeights, skippedOf } from "./checkpoint_weights.ts";
import { stripPrefixes } from "./_name_prefixes.ts";
import type { Weights } from "./weights.ts";

const WORDS = /(^|\.)embeddings\.word_embeddings\.weight$/;

/**
 * Tensors that an encoder does not read: the pooler, heads for training and for other tasks (an encoder
 * is `BertModel`, which drops them), counters of positions.
 */
export const UNUSED: readonly RegExp[] = [
  /^pooler\.dense\./,
  /^cls\.(predictions|seq_relationship)\./,
  /^(classifier|qa_outputs)\./,
  /^embeddings\.(position_ids|token_type_ids)$/,
];

/**
 * Tensors under the names of `BertModel`, without the prefix of a model around it; `gamma` and `beta` of
 * TensorFlow's LayerNorms are `weight` and `bias`.
 */
export function bertNames(weights: Weights): CheckpointWeights {
  const skipped = skippedOf(weights);
  const names = [...weights.keys(), ...skipped.keys()];
  const result = new CheckpointWeights();
  const origins = stripPrefixes(names, WORDS, "embeddings.word_embeddings.weight");
  for (const [origin, stripped] of origins) {
    const name = stripped.replace(/LayerNorm\.gamma$/, "LayerNorm.weight")
      .replace(/LayerNorm\.beta$/, "LayerNorm.bias");
    const kind = skipped.get(origin);
    if (kind === undefined) result.add(name, weights.get(origin)!, origin);
    else result.skip(name, kind, origin);
  }
  return result;
}
