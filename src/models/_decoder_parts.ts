/** What Llamas of all kinds have in common: inputs, caches, angles, attention, norms. */
import { Graph } from "../graph/graph.ts";
import type { SymbolicExtent, Value } from "../graph/graph.ts";
import {
  attentionCached,
  gatherRows,
  reshape,
  rmsNormalization,
  rotary,
  rotaryAngles,
} from "../graph/ops/mod.ts";
import { rotaryFrequencies } from "../numeric/phase.ts";
import type { LlamaConfig } from "./llama_config.ts";
import type { LanguageWeights } from "./language_weights.ts";

/** Most tokens, sequences, wanted rows and sessions that a program can be loaded for. */
const MOST = { tokens: 65_536, sequences: 4096, rows: 65_536, sessions: 65_536 };
/** Tokens of a run, and of a conversation, that a program is loaded for where nothing else is asked. */
const DEFAULT_TOKENS = 256;
const DEFAULT_CONTEXT = 2048;

/**
 * Makes a projection of the rows that attention reads.
 *
 * @param heads Heads whose channels turn, if it has some.
 */
export type Project = (name: string, width: number, heads?: number) => Value;

/** The parts of a Llama that do not depend on how its linear layers are kept. */
export class DecoderParts {
  readonly graph: Graph = new Graph();
  /** Tokens of all sequences. */
  readonly ids: Value;
  readonly #config: LlamaConfig;
  readonly #weights: LanguageWeights;
  readonly #sessions: SymbolicExtent;
  /** Rows of the caches of a session. */
  readonly #context: SymbolicExtent;
  readonly #window: number;
  readonly #rows: Value;
  /** Bounds, sessions and past of the sequences, as attention takes them. */
  readonly #sequences: { readonly offsets: Value; readonly slot: Value; readonly past: Value };

  constructor(config: LlamaConfig, weights: LanguageWeights, window = 0) {
    this.#config = config;
    this.#weights = weights;
    const { graph } = this;
    const tokens = graph.symbol("tokens", MOST.tokens, DEFAULT_TOKENS);
    const sequences = graph.symbol("sequences", MOST.sequences);
    const rows = graph.symbol("rows", MOST.rows);
    const sessions = graph.loadSymbol("sessions", MOST.sessions);
    // What a run appends must not overwrite what its first token sees.
    const context = window > 0
      ? { symbol: "max_tokens", factor: 1, plus: window - 1 }
      : graph.loadSymbol("context", config.context, Math.min(config.context, DEFAULT_CONTEXT));
    this.ids = graph.input("ids", "i32", [tokens], {
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

  /** Cosines and sines of all tokens, for all layers. */
  angles(): Value {
    const { graph } = this;
    const { theta, headSize } = this.#config;
    const frequency = graph.constant("rotary.frequency", {
      dtype: "i32",
      shape: [headSize / 2],
      data: rotaryFrequencies(theta, headSize),
    });
    const { offsets, past } = this.#sequences;
    return graph.apply(rotaryAngles, { ids: this.ids, frequency, offsets, past }, {}, {
      output: "rotary.angles",
    });
  }

  /** Attention of a layer over its cache, before the projection of its result. */
  attention(layer: number, angles: Value, project: Project): Value {
    const { heads, kvHeads, headSize } = this.#config;
    const { graph } = this;
    const at = `layers.${layer}.self_attn`;
    // Older versions of the library saved what follows from θ.
    this.#weights.ignore(`${at}.rotary_emb.inv_freq`);
    const turned = (name: "q" | "k", count: number): Value =>
      graph.apply(
        rotary,
        { x: project(`${at}.${name}_proj`, count * headSize, count), angles },
        {},
        { output: `${at}.${name}_rotated` },
      );
    const state = (name: string): Value =>
      graph.state(`state.${layer}.${name}`, "f32", [
        this.#sessions,
        this.#context,
        kvHeads * headSize,
      ]);
    return graph.apply(
      attentionCached,
      {
        q: turned("q", heads),
        k: turned("k", kvHeads),
        v: project(`${at}.v_proj`, kvHeads * headSize),
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
  }

  /** RMSNorm of all channels of x, with the weights of that name. */
  norm(x: Value, name: string): Value {
    const gamma = this.#weights.float(`${name}.weight`, [x.shape[1] as number]);
    return this.graph.apply(
      rmsNormalization,
      { x, gamma: this.graph.lazyConstant(`${name}.weight`, gamma) },
      { epsilon: this.#config.epsilon },
      { name, output: name },
    );
  }

  /** The rows whose logits are wanted. */
  picked(x: Value): Value {
    const stream = this.graph.apply(reshape, { x }, { shape: [1, ...x.shape] });
    const wanted = this.graph.apply(gatherRows, { x: stream, index: this.#rows });
    return this.graph.apply(reshape, { x: wanted }, { shape: wanted.shape.slice(1) });
  }
}
