/** Llamas as float graphs. */
import type { Graph, Value } from "../graph/graph.ts";
import { add, embedding, linear, swiglu } from "../graph/ops/mod.ts";
import type { LazyTensor, Tensor } from "../tensor.ts";
import { DecoderParts } from "./_decoder_parts.ts";
import { interleaveHalves } from "./_interleave_halves.ts";
import type { LlamaConfig } from "./llama_config.ts";
import { LanguageWeights } from "./language_weights.ts";
import type { LazyWeights } from "./language_weights.ts";

/** Options of {@linkcode buildLlama}. */
export interface LlamaOptions {
  /**
   * Tokens that attention reaches back, and the rows of the caches but for those of a run, so that texts
   * have no end; then there is no `context`. Default: to the beginning. Float32 engines have none.
   */
  readonly window?: number;
}

/**
 * Builds the float graph of a Llama.
 *
 * One entry `main` serves prompts and decoding. Inputs (i32): `ids[tokens]`, the tokens of all
 * sequences one after another; `offsets[sequences + 1]`, where each begins; `slot[sequences]`, the
 * session of each (distinct); `past[sequences]`, how many tokens of its session count (fewer than it has
 * had take it back); `rows[rows]`, the tokens whose logits are wanted. Output:
 * `logits[rows, vocabulary]`. States: `state.{layer}.keys` and `.values`,
 * `[sessions, context, kvHeads·headSize]`. A loader sets `max_tokens`, `max_sequences`, `max_rows`,
 * `sessions` and `context`.
 *
 * Channels that turn together are neighbours in the graph: where the checkpoint has them apart, the rows
 * of q and k are permuted, which changes no sum.
 *
 * @param weights Tensors under the names of Hugging Face.
 * @throws {FewbitError} `not_found`, `shape_mismatch`, `dtype_mismatch` or `unsupported` where the
 * checkpoint is not one of this config; `invalid_file` where a value is not finite.
 */
export function buildLlama(
  config: LlamaConfig,
  weights: LazyWeights,
  options: LlamaOptions = {},
): Graph {
  const language = new LanguageWeights(weights, "embed_tokens.weight");
  return new LlamaBuilder(config, language, options.window ?? 0).build();
}

class LlamaBuilder {
  readonly #config: LlamaConfig;
  readonly #weights: LanguageWeights;
  readonly #parts: DecoderParts;
  readonly #graph: Graph;

  constructor(config: LlamaConfig, weights: LanguageWeights, window: number) {
    this.#config = config;
    this.#weights = weights;
    this.#parts = new DecoderParts(config, weights, window);
    this.#graph = this.#parts.graph;
  }

  build(): Graph {
    const { depth, width, vocabularySize, tied } = this.#config;
    const graph = this.#graph;
    const shape = [vocabularySize, width];
    const name = "embed_tokens.weight";
    const table = graph.lazyConstant(
      name,
      tied ? this.#weights.float(name, shape) : this.#weights.stored(name, shape),
    );
    let x = graph.apply(embedding, { table, index: this.#parts.ids }, {}, {
      name: "embed_tokens",
      output: "embed_tokens",
    });
    const angles = this.#parts.angles();
    for (let layer = 0; layer < depth; layer++) x = this.#layer(x, layer, angles);
    const picked = this.#parts.picked(x);
    const head = tied
      ? table
      : graph.lazyConstant("lm_head.weight", this.#weights.head("lm_head.weight", shape));
    if (tied) this.#weights.ignore("lm_head.weight");
    const norm = this.#parts.norm(picked, "norm");
    graph.output("logits", graph.apply(linear, { x: norm, weight: head }, {}, { name: "lm_head" }));
    this.#weights.assertAllUsed();
    return graph;
  }

  /** One layer: attention and the MLP, each with a norm before and a residual around it. */
  #layer(x: Value, layer: number, angles: Value): Value {
    const { hidden, width } = this.#config;
    const graph = this.#graph;
    const at = `layers.${layer}`;
    const mixed = graph.apply(add, { a: this.#attention(x, layer, angles), b: x }, {}, {
      output: `${at}.residual`,
    });
    const norm = this.#parts.norm(mixed, `${at}.post_attention_layernorm`);
    const gate = this.#linear(norm, `${at}.mlp.gate_proj`, hidden);
    const up = this.#linear(norm, `${at}.mlp.up_proj`, hidden);
    const product = graph.apply(swiglu, { gate, up }, {}, { output: `${at}.mlp.swiglu` });
    const down = this.#linear(product, `${at}.mlp.down_proj`, width);
    return graph.apply(add, { a: down, b: mixed }, {}, { output: at });
  }

  #attention(x: Value, layer: number, angles: Value): Value {
    const h = this.#parts.norm(x, `layers.${layer}.input_layernorm`);
    const context = this.#parts.attention(
      layer,
      angles,
      (name, width, heads) => this.#linear(h, name, width, heads),
    );
    return this.#linear(context, `layers.${layer}.self_attn.o_proj`, this.#config.width);
  }

  /**
   * A linear layer.
   *
   * @param heads Heads whose channels turn, if it has some.
   */
  #linear(x: Value, name: string, width: number, heads = 0): Value {
    const given = this.#weights.float(`${name}.weight`, [width, x.shape[1] as number]);
    const isApart = heads > 0 && !this.#config.interleaved;
    const weight = isApart ? interleaved(given, heads) : given;
    return this.#graph.apply(
      linear,
      { x, weight: this.#graph.lazyConstant(`${name}.weight`, weight) },
      {},
      { name, output: name },
    );
  }
}

/** A weight of heads whose channels turn, its pairs as neighbours. */
function interleaved({ dtype, shape, read }: LazyTensor, heads: number): LazyTensor {
  const neighbours = (): Tensor => {
    const data = interleaveHalves(read().data as Float32Array, shape, heads);
    return { dtype: "f32", shape, data };
  };
  return { dtype, shape, read: neighbours };
}
