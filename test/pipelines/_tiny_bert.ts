/** A small BERT with seeded weights. */
import type { EncoderCheckpoint } from "../../src/checkpoints/encoder_folder.ts";
import type { Tensor } from "../../src/tensor.ts";
import { Random } from "../conformance/_random.ts";

// Few sizes are a multiple of a vector; a token table of 4 bits needs a multiple of 32.
/** Rows of the token table. */
export const VOCABULARY = 53;
/** Numbers of a token. */
export const WIDTH = 32;
/** Tokens of a text. */
export const POSITIONS = 19;
const [HEADS, HIDDEN, DEPTH] = [4, 44, 2];
/** Its checkpoint. */
export function tinyBert(pooling: "mean" | "cls" = "mean"): EncoderCheckpoint {
  const random = new Random(11);
  const weights = new Map<string, Tensor>();
  const add = (name: string, shape: readonly number[], size: number, around = 0): void => {
    const length = shape.reduce((a, b) => a * b);
    const data = Float32Array.from(
      { length },
      () => around + size * (random.unit() + random.unit() - 1),
    );
    weights.set(name, { dtype: "f32", shape, data });
  };
  const linear = (name: string, n: number, k: number): void => {
    add(`${name}.weight`, [n, k], 2 / Math.sqrt(k));
    add(`${name}.bias`, [n], 0.1);
  };
  const norm = (name: string): void => {
    add(`${name}.weight`, [WIDTH], 0.3, 1);
    add(`${name}.bias`, [WIDTH], 0.2);
  };
  add("embeddings.word_embeddings.weight", [VOCABULARY, WIDTH], 1);
  add("embeddings.position_embeddings.weight", [POSITIONS, WIDTH], 0.3);
  add("embeddings.token_type_embeddings.weight", [2, WIDTH], 0.1);
  norm("embeddings.LayerNorm");
  for (let i = 0; i < DEPTH; i++) {
    const block = `encoder.layer.${i}.`;
    for (const name of ["query", "key", "value"]) {
      linear(`${block}attention.self.${name}`, WIDTH, WIDTH);
    }
    linear(`${block}attention.output.dense`, WIDTH, WIDTH);
    norm(`${block}attention.output.LayerNorm`);
    linear(`${block}intermediate.dense`, HIDDEN, WIDTH);
    linear(`${block}output.dense`, WIDTH, HIDDEN);
    norm(`${block}output.LayerNorm`);
  }
  return {
    config: {
      model_type: "bert",
      hidden_size: WIDTH,
      num_hidden_layers: DEPTH,
      num_attention_heads: HEADS,
      intermediate_size: HIDDEN,
      vocab_size: VOCABULARY,
      max_position_embeddings: POSITIONS,
      type_vocab_size: 2,
    },
    pooling: {
      pooling_mode_mean_tokens: pooling === "mean",
      pooling_mode_cls_token: pooling === "cls",
    },
    sentence: { max_seq_length: POSITIONS },
    weights,
  };
}
