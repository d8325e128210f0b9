/** BERT encoders as a float32 graph for ragged batches. */
import { Graph } from "../graph/graph.ts";
import type { Value } from "../graph/graph.ts";
import { add, addPositions, attentionRagged, embedding, poolRows } from "../graph/ops/mod.ts";
import { ModelBuilder } from "./_builder.ts";
import type { BertConfig } from "./bert_config.ts";
import { bertNames, UNUSED } from "./bert_names.ts";
import { weight } from "./weights.ts";
import type { Weights } from "./weights.ts";

/** Entry of a compiled encoder. */
export const ENCODE = "main";

/** Most tokens of a batch that a program can be loaded for. */
const MOST_TOKENS = 2 ** 20;
/** Most texts of a batch. */
const MOST_SEQUENCES = 2 ** 16;
/** Texts of a batch, where a loader asks for nothing else. */
const USUAL_SEQUENCES = 32;

/** The inputs of an encoder. */
interface EncoderInputs {
  /** `ids` i32 `[tokens]`. */
  readonly ids: Value;
  /** `offsets` i32 `[sequences + 1]`: bounds of the texts. */
  readonly offsets: Value;
  /**
   * `parts` i32 `[2·sequences + 1]`, where not all tokens of a text are pooled: bounds of the tokens that
   * are not and of those that are, in turn.
   */
  readonly parts?: Value;
}

/** Adds the inputs. */
function encoderInputs(graph: Graph, config: BertConfig): EncoderInputs {
  const tokens = graph.symbol("tokens", MOST_TOKENS, config.maxTokens);
  const sequences = graph.symbol("sequences", MOST_SEQUENCES, USUAL_SEQUENCES);
  const ids = graph.input("ids", "i32", [tokens], { check: "below", limit: config.vocabulary });
  const offsets = graph.input("offsets", "i32", [{ ...sequences, plus: 1 }], {
    check: "offsets",
    limit: tokens,
  });
  if (!poolsParts(config)) return { ids, offsets };
  const bounds = { ...sequences, factor: 2, plus: 1 };
  const parts = graph.input("parts", "i32", [bounds], { check: "offsets", limit: tokens });
  return { ids, offsets, parts };
}

/** Whether texts have tokens that are not pooled: those of a prompt, or all but the last. */
export function poolsParts({ includePrompt, pooling }: BertConfig): boolean {
  return !includePrompt || pooling === "lasttoken";
}

/** One row of each text, or of each part of the texts: a sum, or the first of its rows. */
function poolTokens(
  graph: Graph,
  { pooling }: BertConfig,
  x: Value,
  { offsets, parts }: EncoderInputs,
): Value {
  return graph.apply(poolRows, { x, offsets: parts ?? offsets }, {
    pooling: pooling === "cls" ? "first" : "sum",
  });
}

/** The position table with the first token type added, float32 `[P, C]`. */
function positionTable(config: BertConfig, weights: Weights): Float32Array {
  const { positions, width, tokenTypes } = config;
  const table = weight(weights, "embeddings.position_embeddings.weight", [positions, width]).data;
  const types =
    weight(weights, "embeddings.token_type_embeddings.weight", [tokenTypes, width]).data;
  const sums = Float32Array.from(table as Float32Array);
  for (let i = 0; i < sums.length; i++) sums[i] += (types as Float32Array)[i % width];
  return sums;
}

/**
 * Builds the network: inputs `ids` `[tokens]` and `offsets` `[sequences + 1]`, output `sums`
 * `[sequences, width]`: the last LayerNorm summed over the tokens of each text, or that of its first
 * token; with an input `parts` `[2·sequences, width]`, of which every second row counts.
 *
 * @param config Its sizes.
 * @param weights Tensors under the names of Hugging Face's `BertModel`.
 * @throws {FewbitError} Where a tensor is missing, of another shape, or not finite.
 */
export function buildBert(config: BertConfig, weights: Weights): Graph {
  const { width, vocabulary, positions } = config;
  const named = bertNames(weights);
  const graph = new Graph();
  const model = new ModelBuilder(graph, named, config.epsilon);
  const inputs = encoderInputs(graph, config);
  const { ids, offsets } = inputs;

  const words = weight(named, "embeddings.word_embeddings.weight", [vocabulary, width]);
  const table = model.constant("embeddings.word_embeddings", words);
  const position = model.constant("embeddings.position_embeddings", {
    dtype: "f32",
    shape: [positions, width],
    data: positionTable(config, named),
  });
  const rows = graph.apply(embedding, { table, index: ids });
  const output = "embedding";
  let x = graph.apply(addPositions, { x: rows, positions: position, offsets }, {}, { output });
  x = model.norm(x, "embeddings.LayerNorm", width, streamName(config, 0));
  for (let i = 0; i < config.depth; i++) {
    x = buildLayer(model, config, x, offsets, i);
  }
  graph.output("sums", poolTokens(graph, config, x, inputs), ENCODE);
  named.assertAllUsed(UNUSED);
  return graph;
}

function buildLayer(
  model: ModelBuilder,
  config: BertConfig,
  x: Value,
  offsets: Value,
  layer: number,
): Value {
  const { graph } = model;
  const block = `encoder.layer.${layer}.`;
  const { width, heads, hidden } = config;
  const [q, k, v] = ["query", "key", "value"].map((name) =>
    model.linear(x, `${block}attention.self.${name}`, width, `${block}${name}`)
  );
  let y = graph.apply(attentionRagged, { q, k, v, offsets }, {
    heads,
    scale: Math.fround((width / heads) ** -0.5),
  }, { output: `${block}context` });
  y = model.linear(y, `${block}attention.output.dense`, width, `${block}attention_out`);
  y = graph.apply(add, { a: y, b: x }, {}, { output: `${block}residual1` });
  x = model.norm(y, `${block}attention.output.LayerNorm`, width, `${block}mid`);
  y = model.linear(x, `${block}intermediate.dense`, hidden, `${block}gelu_in`);
  y = model.activation(y, config.activation, { output: `${block}gelu_out` });
  y = model.linear(y, `${block}output.dense`, width, `${block}mlp_out`);
  y = graph.apply(add, { a: y, b: x }, {}, { output: `${block}residual2` });
  return model.norm(y, `${block}output.LayerNorm`, width, streamName(config, layer + 1));
}

/** What a layer reads, or what is pooled. */
function streamName({ depth }: BertConfig, layer: number): string {
  return layer < depth ? `encoder.layer.${layer}.in` : "last";
}
