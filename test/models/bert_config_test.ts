/** Configs of sentence encoders: what is read, and what is refused. */
import assert from "node:assert/strict";
import { bertConfig } from "../../src/models/bert_config.ts";
import type { EncoderFiles } from "../../src/models/bert_config.ts";

/** config.json of all-MiniLM-L6-v2, shortened. */
const CONFIG = {
  architectures: ["BertModel"],
  hidden_act: "gelu",
  hidden_size: 384,
  intermediate_size: 1536,
  layer_norm_eps: 1e-12,
  max_position_embeddings: 512,
  model_type: "bert",
  num_attention_heads: 12,
  num_hidden_layers: 6,
  position_embedding_type: "absolute",
  type_vocab_size: 2,
  vocab_size: 30522,
};
const MEAN = {
  word_embedding_dimension: 384,
  pooling_mode_cls_token: false,
  pooling_mode_mean_tokens: true,
  pooling_mode_max_tokens: false,
};

Deno.test("the config of a BERT encoder gives its sizes", () => {
  const files = { config: CONFIG, pooling: MEAN, sentence: { max_seq_length: 256 } };
  assert.deepEqual(bertConfig(files), {
    vocabulary: 30522,
    width: 384,
    depth: 6,
    heads: 12,
    hidden: 1536,
    positions: 512,
    tokenTypes: 2,
    epsilon: 1e-12,
    activation: "gelu",
    pooling: "mean",
    includePrompt: true,
    normalize: true,
    similarity: "cosine",
    maxTokens: 256,
  });
});

Deno.test("without sentence-transformers' files pooling is the mean over whole texts", () => {
  const { pooling, maxTokens } = bertConfig({ config: CONFIG });
  assert.deepEqual([pooling, maxTokens], ["mean", 512]);
  const cls = { pooling_mode_cls_token: true, pooling_mode_mean_tokens: false };
  assert.equal(bertConfig({ config: CONFIG, pooling: cls }).pooling, "cls");
});

const REFUSED: readonly (readonly [name: string, files: EncoderFiles, message: RegExp])[] = [
  ["another family", { config: { ...CONFIG, model_type: "mpnet" } }, /"mpnet".*"bert"/],
  ["no family", { config: {} }, /model_type is undefined/],
  ["another activation", { config: { ...CONFIG, hidden_act: "relu2" } }, /"relu2"/],
  [
    "relative positions",
    { config: { ...CONFIG, position_embedding_type: "relative_key" } },
    /"relative_key"/,
  ],
  ["a decoder", { config: { ...CONFIG, is_decoder: true } }, /is_decoder true/],
  ["a missing size", { config: { ...CONFIG, vocab_size: undefined } }, /vocab_size from 1/],
  ["a fractional size", { config: { ...CONFIG, hidden_size: 1.5 } }, /hidden_size.*1\.5/],
  ["a huge size", { config: { ...CONFIG, vocab_size: 2 ** 40 } }, /vocab_size/],
  ["heads that do not fit", { config: { ...CONFIG, num_attention_heads: 7 } }, /7 heads/],
  ["an epsilon of text", { config: { ...CONFIG, layer_norm_eps: "small" } }, /layer_norm_eps/],
  [
    "two poolings",
    { config: CONFIG, pooling: { ...MEAN, pooling_mode_cls_token: true } },
    /"cls" and "mean"/,
  ],
  [
    "embeddings that are cut",
    { config: CONFIG, sentenceTransformers: { truncate_dim: 64 } },
    /truncate_dim 64/,
  ],
  ...["model_args", "config_args", "tokenizer_args", "processor_kwargs"].map((name) =>
    [
      `arguments in ${name}`,
      { config: CONFIG, sentence: { [name]: { trust_remote_code: true, hidden_act: "relu" } } },
      new RegExp(name),
    ] as const
  ),
  ["no pooling", { config: CONFIG, pooling: { pooling_mode: [] } }, /pooling by nothing/],
  [
    "pooling of another width",
    { config: CONFIG, pooling: { ...MEAN, word_embedding_dimension: 768 } },
    /768/,
  ],
  ["a bad length", { config: CONFIG, sentence: { max_seq_length: 0 } }, /max_seq_length/],
];

for (const [name, files, message] of REFUSED) {
  Deno.test(`a config with ${name} is refused`, () => {
    assert.throws(() => bertConfig(files), { name: "FewbitError", message });
  });
}
