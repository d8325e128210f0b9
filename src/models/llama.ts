/** Llamas as float graphs. */
import { Graph } from "../graph/graph.ts";
import type { SymbolicExtent, Value } from "../graph/graph.ts";
import {
  add,
  attentionCached,
  embedding,
  gatherRows,
  linear,
  reshape,
  rmsNormalization,
  rotary,
  rotaryAngles,
  swiglu,
} from "../graph/ops/mod.ts";
import { rotaryFrequencies } from "../numeric/phase.ts";
import type { LazyTensor, Tensor } from "../tensor.ts";
import type { LlamaConfig } from "./llama_config.ts";
import { LanguageWeights } from "./language_weights.ts";
import type { LazyWeights } from "./language_weights.ts";

/** Most tokens, sequences, wanted rows and sessions that a program can be loaded for. */
const MOST = { tokens: 65_536, sequences: 4096, rows: 65_536, sessions: 65_536 };
/** Tokens of a run, and of a conversation, that a program is loaded for where nothing else is asked. */
const DEFAULT_TOKENS = 256;
const DEFAULT_CONTEXT = 2048;

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
  readonly #graph = new Graph();
  readonly #config: LlamaConfig;
  readonly #weights: LanguageWeights;
  readonly #sessions: SymbolicExtent;
  /** Rows of the caches of a session. */
  readonly #context: SymbolicExtent;
  readonly #window: number;
  readonly #ids: Value;
  readonly #rows: Value;
  /** Bounds, sessions and past of the sequences, as attention takes them. */
  readonly #sequences: { readonly offsets: Value; readonly slot: Value; readonly past: Value };

  constructor(config: LlamaConfig, weights: LanguageWeights, window: number) {
    this.#config = config;
    this.#weights = weights;
    const graph = this.#graph;
    const tokens = graph.symbol("tokens", MOST.tokens, DEFAULT_TOKENS);
    const sequences = graph.symbol("sequences", MOST.sequences);
    const rows = graph.symbol("rows", MOST.rows);
    const sessions = graph.loadSymbol("sessions", MOST.sessions);
    // What a run appends must not overwrite what its first token sees.
    const context = window > 0
      ? { symbol: "max_tokens", factor: 1, plus: window - 1 }
      : graph.loadSymbol("context", config.context, Math.min(config.context, DEFAULT_CONTEXT));
    this.#ids = graph.input("ids", "i32", [tokens], {
      check: "below",
      limit: config.vocabularySize,
    });
    const bounds = { ...sequences, plus: 1 };
    const offsets = graph.input("offsets", "i32", [bounds], { check: "offsets", limit: tokens });
    const slot = graph.input("slot", "i32", [sequences], { check: "distinct", limit: sessions });
    const past = graph.input("past", "i32", [sequences], {
      check: "past",
      limit: window > 0 ? 2 ** 31 - 1 : context,
      offsets,
    });
    this.#rows = graph.input("rows", "i32", [rows], { check: "below", limit: tokens });
    this.#sessions = sessions;
    this.#context = context;
    this.#window = window;
    this.#sequences = { offsets, slot, past };
  }

  build(): Graph {
    const { depth, width, vocabularySize, tied, theta, headSize } = this.#config;
    const graph = this.#graph;
    const shape = [vocabularySize, width];
    const name = "embed_tokens.weight";
    const table = graph.lazyConstant(
      name,
      tied ? this.#weights.float(name, shape) : this.#weights.stored(name, shape),
    );
    let x = graph.apply(embedding, { table, index: this.#ids }, {}, {
      name: "embed_tokens",
      output: "embed_tokens",
    });
    const frequency = graph.constant("rotary.frequency", {
      dtype: "i32",
      shape: [headSize / 2],
      data: rotaryFrequencies(theta, headSize),
    });
    const { offsets, past } = this.#sequences;
    const angles = graph.apply(rotaryAngles, { ids: this.#ids, frequency, offsets, past }, {}, {
      output: "rotary.angles",
    });
    for (let layer = 0; layer < depth; layer++) x = this.#layer(x, layer, angles);
    const stream = graph.apply(reshape, { x }, { shape: [1, ...x.shape] });
    const wanted = graph.apply(gatherRows, { x: stream, index: this.#rows });
    const picked = graph.apply(reshape, { x: wanted }, { shape: wanted.shape.slice(1) });
    const head = tied
      ? table
      : graph.lazyConstant("lm_head.weight", this.#weights.head("lm_head.weight", shape));
    if (tied) this.#weights.ignore("lm_head.weight");
    const norm = this.#norm(picked, "norm");
    graph.output("logits", graph.apply(linear, { x: norm, weight: head }, {}, { name: "lm_head" }));
    this.#weights.assertAllUsed();
    return graph;
  }

  /** One layer: attention and the MLP, each with a norm before and a residual around it. */
  #layer(x: Value, layer: number, angles: Value): Value {
    const { hidden, width } = this.#config;
    const graph = this.#graph;
    const at = `layers.${layer}`;
    // Older versions of the library saved what follows from θ.
    this.#weights.ignore(`${at}.self_attn.rotary_emb.inv_freq`);
    const mixed = graph.apply(add, { a: this.#attention(x, layer, angles), b: x }, {}, {
      output: `${at}.residual`,
    });
    const norm = this.#norm(mixed, `${at}.post_attention_layernorm`);
    const gate = this.#linear(norm, `${at}.mlp.gate_proj`, hidden);
    const up = this.#linear(norm, `${at}.mlp.up_proj`, hidden);
    const product = graph.apply(swiglu, { gate, up }, {}, { output: `${at}.mlp.swiglu` });
    const down = this.#linear(product, `${at}.mlp.down_proj`, width);
    return graph.apply(add, { a: down, b: mixed }, {}, { output: at });
  }

  #attention(x: Value, layer: number, angles: Value): Value {
    const { width, heads, kvHeads, headSize } = this.#config;
    const graph = this.#graph;
    const at = `layers.${layer}.self_attn`;
    const h = this.#norm(x, `layers.${layer}.input_layernorm`);
    const turned = (name: "q" | "k", count: number): Value =>
      graph.apply(
        rotary,
        { x: this.#linear(h, `${at}.${name}_proj`, count * headSize, count), angles },
        {},
        { output: `${at}.${name}_rotated` },
      );
    const state = (name: string): Value =>
      graph.state(`state.${layer}.${name}`, "f32", [
        this.#sessions,
        this.#context,
        kvHeads * headSize,
      ]);
    const context = graph.apply(
      attentionCached,
      {
        q: turned("q", heads),
        k: turned("k", kvHeads),
        v: this.#linear(h, `${at}.v_proj`, kvHeads * headSize),
        ...this.#sequences,
        keys: state("keys"),
        values: state("values"),
      },
      {
        kvHeads,
        scale: Math.fround(1 / Math.sqrt(headSize)),
        ...this.#window > 0 && { window: this.#window },
      },
      { name: at, output: at },
    );
    return this.#linear(context, `${at}.o_proj`, width);
  }

  #norm(x: Value, name: string): Value {
    const gamma = this.#weights.float(`${name}.weight`, [this.#config.width]);
    return this.#graph.apply(
      rmsNormalization,
      { x, gamma: this.#graph.lazyConstant(`${name}.weight`, gamma) },
      { epsilon: this.#config.epsilon },
      { name, output: name },
    );
  }

  /**
   * A linear layer.
   *
   * @param heads Heads whose channels turn, if it has some.
   */
  #linear(x: Value, name: string, width: number, heads = 0): Value {
    const given = this.#weights.float(`${name}.weight`, [width, x.shape[1] as number]);
    const isApart = heads > 0 && !this.#config.interleaved;
    const weight = isApart ? interleaveHalves(given, heads) : given;
    return this.#graph.apply(
      linear,
      { x, weight: this.#graph.lazyConstant(`${name}.weight`, weight) },
      {},
      { name, output: name },
    );
  }
}

/** Rows i and i + D/2 of each head of D rows as neighbours. */
function interleaveHalves({ dtype, shape, read }: LazyTensor, heads: number): LazyTensor {
  const [rows, columns] = shape;
  const half = rows / heads / 2;
  const interleaved = (): Tensor => {
    const from = read().data as Float32Array;
    const data = new Float32Array(from.length);
    for (let row = 0; row < rows; row++) {
      const head = row - row % (2 * half);
      const place = row - head;
      const source = head + (place >> 1) + (place & 1) * half;
      data.set(from.subarray(source * columns, (source + 1) * columns), row * columns);
    }
    return { dtype: "f32", shape, data };
  };
  return { dtype, shape, read: interleaved };
}
