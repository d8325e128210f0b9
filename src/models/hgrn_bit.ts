/** MatMul-free language models (HGRN-Bit) as graphs. */
import { Graph } from "../graph/graph.ts";
import type { SymbolicExtent, Value } from "../graph/graph.ts";
import {
  add,
  embedding,
  fusedBitLinear,
  gatherRows,
  hgrnGate,
  hgrnScan,
  reshape,
  rmsNormalization,
  shortConv,
  sliceColumns,
  swiglu,
} from "../graph/ops/mod.ts";
import type { LazyTensor, Tensor } from "../tensor.ts";
import type { HgrnBitConfig } from "./hgrn_bit_config.ts";
import { LanguageWeights } from "./language_weights.ts";
import type { LazyWeights } from "./language_weights.ts";
import { hgrnLowerBounds } from "./hgrn_lower_bounds.ts";

/** Epsilon of the norm in a FusedBitLinear: its kernel does not get the config's. */
const LINEAR_EPSILON = 1e-6;

/** Most tokens, sequences, wanted rows and sessions that a program can be loaded for. */
const MOST = { tokens: 65_536, sequences: 4096, rows: 65_536, sessions: 65_536 };
/** Tokens of a run that a program is loaded for where nothing else is asked. */
const DEFAULT_TOKENS = 256;
/** A recurrence has no longest past; positions stay far below the range of i32. */
const MOST_PAST = 2 ** 30;

/**
 * Builds the float graph, whose ternary layers still have their latent weights.
 *
 * One entry `main` serves prompts and decoding. Inputs (i32): `ids[tokens]`, the tokens of all
 * sequences one after another; `offsets[sequences + 1]`, where each begins; `slot[sequences]`, the
 * session of each (distinct); `past[sequences]`, tokens that its session has seen (0 starts anew);
 * `rows[rows]`, the tokens whose logits are wanted. Output: `logits[rows, vocabulary]`. States:
 * `state.{layer}[sessions, channels]`, and those of short convolutions.
 *
 * @throws {FewbitError} `not_found`, `shape_mismatch`, `dtype_mismatch` or `unsupported` where the
 * checkpoint is not one of this config; `invalid_file` where a value is not finite.
 */
export function buildHgrnBit(config: HgrnBitConfig, weights: LazyWeights): Graph {
  return new HgrnBitBuilder(config, new LanguageWeights(weights, "embeddings.weight")).build();
}

class HgrnBitBuilder {
  readonly #graph = new Graph();
  readonly #config: HgrnBitConfig;
  readonly #weights: LanguageWeights;
  readonly #sessions: SymbolicExtent;
  readonly #ids: Value;
  readonly #rows: Value;
  /** Bounds, sessions and past of the sequences, as scans take them. */
  readonly #sequences: { readonly offsets: Value; readonly slot: Value; readonly past: Value };

  constructor(config: HgrnBitConfig, weights: LanguageWeights) {
    this.#config = config;
    this.#weights = weights;
    const graph = this.#graph;
    const tokens = graph.symbol("tokens", MOST.tokens, DEFAULT_TOKENS);
    const sequences = graph.symbol("sequences", MOST.sequences);
    const rows = graph.symbol("rows", MOST.rows);
    const sessions = graph.loadSymbol("sessions", MOST.sessions);
    const { vocabularySize } = config;
    this.#ids = graph.input("ids", "i32", [tokens], { check: "below", limit: vocabularySize });
    const bounds = { ...sequences, plus: 1 };
    const offsets = graph.input("offsets", "i32", [bounds], { check: "offsets", limit: tokens });
    const slot = graph.input("slot", "i32", [sequences], { check: "distinct", limit: sessions });
    const past = graph.input("past", "i32", [sequences], {
      check: "past",
      limit: MOST_PAST,
      offsets,
    });
    this.#rows = graph.input("rows", "i32", [rows], { check: "below", limit: tokens });
    this.#sessions = sessions;
    this.#sequences = { offsets, slot, past };
  }

  build(): Graph {
    const { depth, width, vocabularySize, tied } = this.#config;
    const graph = this.#graph;
    const table = this.#weights.stored("embeddings.weight", [vocabularySize, width]);
    const bounds = this.#lowerBounds();
    let x = graph.apply(
      embedding,
      { table: graph.lazyConstant("embeddings.weight", table), index: this.#ids },
      {},
      { name: "embeddings", output: "embeddings" },
    );
    for (let layer = 0; layer < depth; layer++) x = this.#layer(x, layer, bounds[layer]);
    const stream = graph.apply(reshape, { x }, { shape: [1, ...x.shape] });
    const wanted = graph.apply(gatherRows, { x: stream, index: this.#rows });
    const picked = graph.apply(reshape, { x: wanted }, { shape: wanted.shape.slice(1) });
    const shape = [vocabularySize, width];
    const weight = tied
      ? this.#weights.float("embeddings.weight", shape)
      : this.#weights.head("lm_head.weight", shape);
    if (tied) this.#weights.ignore("lm_head.weight");
    const gamma = this.#weights.head("lm_head.norm.weight", [width]);
    const norm = this.#norm(picked, "norm");
    graph.output("logits", this.#ternaryLayer(norm, "lm_head", gamma, weight));
    this.#weights.assertAllUsed();
    return graph;
  }

  /** One layer: the token mixer and the MLP, each with a norm before and a residual around it. */
  #layer(x: Value, layer: number, bound: Float32Array | undefined): Value {
    const { hidden } = this.#config;
    const graph = this.#graph;
    const at = `layers.${layer}`;
    const mixed = graph.apply(add, { a: this.#mixer(x, layer, bound), b: x }, {}, {
      output: `${at}.residual`,
    });
    const norm = this.#norm(mixed, `${at}.mlp_norm`);
    const both = this.#linear(norm, `${at}.mlp.gate_proj`, 2 * hidden);
    const gate = graph.apply(sliceColumns, { x: both }, { start: 0, end: hidden });
    const up = graph.apply(sliceColumns, { x: both }, { start: hidden, end: 2 * hidden });
    const product = graph.apply(swiglu, { gate, up }, {}, { name: `${at}.mlp.swiglu` });
    const down = this.#linear(product, `${at}.mlp.down_proj`, this.#config.width);
    return graph.apply(add, { a: down, b: mixed }, {}, { output: at });
  }

  #mixer(x: Value, layer: number, bound: Float32Array | undefined): Value {
    const { width, epsilon, shortConv: conv } = this.#config;
    const graph = this.#graph;
    const at = `layers.${layer}.attn`;
    let h = this.#norm(x, `layers.${layer}.attn_norm`);
    if (conv?.shared) h = this.#shortConv(h, layer, "h", conv.taps);
    let u = this.#linear(h, `${at}.i_proj`, width);
    let z = this.#linear(h, `${at}.f_proj`, width);
    const p = this.#linear(h, `${at}.g_proj`, width);
    if (conv?.shared === false) {
      u = this.#shortConv(u, layer, "i", conv.taps);
      z = this.#shortConv(z, layer, "f", conv.taps);
      // The authors' module makes it and never calls it.
      this.#weights.ignore(`${at}.q_conv1d.weight`);
    }
    const lowerBound = bound && graph.constant(`${at}.lower_bound`, {
      dtype: "f32",
      shape: [width],
      data: bound,
    });
    const state = graph.state(`state.${layer}`, "f32", [this.#sessions, width]);
    const s = graph.apply(hgrnScan, { u, z, lowerBound, ...this.#sequences, state }, {}, {
      name: `${at}.scan`,
      output: `${at}.scan`,
    });
    const gamma = this.#weights.float(`${at}.g_norm.weight`, [width]);
    const gated = graph.apply(
      hgrnGate,
      { p, gamma: graph.lazyConstant(`${at}.g_norm.weight`, gamma), x: s },
      { epsilon },
      { name: `${at}.g_norm`, output: `${at}.g_norm` },
    );
    return this.#linear(gated, `${at}.o_proj`, width);
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

  #linear(x: Value, name: string, width: number): Value {
    const inner = x.shape[1] as number;
    const gamma = this.#weights.float(`${name}.norm.weight`, [inner]);
    return this.#ternaryLayer(
      x,
      name,
      gamma,
      this.#weights.float(`${name}.weight`, [width, inner]),
    );
  }

  #ternaryLayer(x: Value, name: string, gamma: LazyTensor, weight: LazyTensor): Value {
    const graph = this.#graph;
    return graph.apply(
      fusedBitLinear,
      {
        x,
        gamma: graph.lazyConstant(`${name}.norm.weight`, gamma),
        weight: graph.lazyConstant(`${name}.weight`, weight),
      },
      { epsilon: LINEAR_EPSILON },
      { name, output: name },
    );
  }

  /** A convolution before (`h`) or after (`i`, `f`) the projections; PyTorch has its weight `[C, 1, W]`. */
  #shortConv(x: Value, layer: number, which: "h" | "i" | "f", taps: number): Value {
    const { width } = this.#config;
    const graph = this.#graph;
    const name = `layers.${layer}.attn.${which}_conv1d`;
    const { read } = this.#weights.float(`${name}.weight`, [width, 1, taps]);
    const weight = graph.lazyConstant(`${name}.weight`, {
      dtype: "f32",
      shape: [taps, width],
      read: () => transposed(read(), width, taps),
    });
    const state = graph.state(`state.${layer}.${which}_conv1d`, "f32", [
      this.#sessions,
      taps,
      width,
    ]);
    return graph.apply(shortConv, { x, weight, ...this.#sequences, state }, {}, {
      name,
      output: name,
    });
  }

  /** Bounds of the layers; none for the first. */
  #lowerBounds(): readonly (Float32Array | undefined)[] {
    const { depth, width, lowerBound } = this.#config;
    if (!lowerBound) {
      this.#weights.ignore("lower_bounds");
      return [];
    }
    const lambda = this.#weights.float("lower_bounds", [depth, width]).read();
    const bounds = hgrnLowerBounds(lambda.data as Float32Array, depth);
    return [undefined, ...bounds.slice(1)];
  }
}

function transposed({ data }: Tensor, rows: number, columns: number): Tensor {
  const turned = new Float32Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) turned[j * rows + i] = data[i * columns + j] as number;
  }
  return { dtype: "f32", shape: [columns, rows], data: turned };
}
