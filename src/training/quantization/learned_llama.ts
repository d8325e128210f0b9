/**
 * A Llama as MobileQuant (Tan et al., 2024) learns it: equivalent scales, clipped weights and ranges of static
 * activations, all in float with quantisation simulated.
 */
import type { Graph, Value } from "../../graph/graph.ts";
import { linear, rmsNormalization } from "../../graph/ops/mod.ts";
import type { NodeBuilder } from "../../graph/node_builder.ts";
import type { LlamaConfig } from "../../models/llama_config.ts";
import { cosineAndSine, rotaryFrequencies } from "../../numeric/phase.ts";
import { moveRows, moveScales } from "./equivalent_scales.ts";
import type { BlockWeights, PrefixValues } from "./equivalent_scales.ts";
import { fakeQuantize, learnedGrid, unsignedCodes } from "./fake_quantization.ts";
import type { RangeKind } from "./fake_quantization.ts";
import { BLOCK_LINEARS, llamaBlock } from "./llama_block.ts";
import type { BlockLinear, BlockSite } from "./llama_block.ts";
import { clipWeight } from "./weight_clipping.ts";

/** Bits of the values of a block; those that are absent stay as they are. */
export type SiteBits = { readonly [S in BlockSite]?: number };

/** The paper's twenty, each asymmetric with one range. */
export const PAPER_SITES: SiteBits = {
  norm1_input: 16,
  norm1: 8,
  q_output: 8,
  k_output: 8,
  v_output: 8,
  q: 8,
  k: 8,
  v: 8,
  scores: 16,
  probabilities: 16,
  context: 8,
  o_output: 16,
  norm2_input: 16,
  norm2: 8,
  gate: 8,
  sigmoid: 8,
  silu: 8,
  up: 8,
  down: 8,
  down_output: 16,
};

/** How a Llama is quantised. */
export interface LearnedSettings {
  readonly sites: SiteBits;
  readonly weightBits: 4 | 8;
  /** Codes of weights on both sides of 0. */
  readonly symmetric?: boolean;
  /** A scale for each row of weights of 8 bits, as the engine has it. Default: of those of `down` alone, as in the paper. */
  readonly perRow?: boolean;
  /** How ranges are learned; they are constants where `learned` has no ranges. */
  readonly ranges: RangeKind;
}

/** Least and most of a value. */
export type Range = readonly [low: number, high: number];

/** Keys, turned, and values of the rows before every window, `[P, kvHeads·headSize]`. */
export interface PrefixRows {
  readonly keys: Float32Array;
  readonly values: Float32Array;
}

/** Names of the weights of a block in the model. */
const MODULES: Readonly<Record<keyof BlockWeights, string>> = {
  norm1: "input_layernorm",
  norm2: "post_attention_layernorm",
  q: "self_attn.q_proj",
  k: "self_attn.k_proj",
  v: "self_attn.v_proj",
  o: "self_attn.o_proj",
  gate: "mlp.gate_proj",
  up: "mlp.up_proj",
  down: "mlp.down_proj",
};

/** Logit of what is kept of a weight's range at first: 98.2 %. */
const KEPT = 4;

/** What is learned of all blocks, by name (`layers.N.let.up`), and what it is learned of. */
export class LearnedLlama {
  /** What is learned, by name: `let.*` scales, `lwc.*` logits, `range.*`. */
  readonly values: Map<string, Float32Array> = new Map();
  readonly #shapes: Map<string, readonly number[]> = new Map();
  #prefix: readonly PrefixRows[] = [];

  /** @param weights Float32 weights by their names in the model, channels that turn together as neighbours. */
  constructor(
    readonly config: LlamaConfig,
    readonly weights: ReadonlyMap<string, Float32Array>,
    readonly settings: LearnedSettings,
  ) {
    const { width, hidden, kvHeads, headSize, depth } = config;
    const channels = kvHeads * headSize;
    for (let layer = 0; layer < depth; layer++) {
      const lengths = {
        norm1: width,
        norm2: width,
        up: hidden,
        values: channels,
        pairs: channels / 2,
      };
      for (const [name, length] of Object.entries(lengths)) {
        this.#set(`layers.${layer}.let.${name}`, [length], 1);
      }
      for (const name of BLOCK_LINEARS) {
        const shape = this.#isPerRow(name) ? [this.#shapeOf(name)[0], 1] : [1];
        for (const end of ["high", "low"]) {
          this.#set(`layers.${layer}.lwc.${name}.${end}`, shape, KEPT);
        }
      }
    }
  }

  #set(name: string, shape: readonly number[], start: number): void {
    this.#shapes.set(name, shape);
    this.values.set(name, new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(start));
  }

  /** Whether rows of a weight have ranges of their own. */
  #isPerRow(name: BlockLinear): boolean {
    const { weightBits, perRow = false } = this.settings;
    return weightBits === 4 || perRow || name === "down";
  }

  #shapeOf(name: BlockLinear): readonly [number, number] {
    const { width, hidden, heads, kvHeads, headSize } = this.config;
    const [queries, channels] = [heads * headSize, kvHeads * headSize];
    return {
      q: [queries, width],
      k: [channels, width],
      v: [channels, width],
      o: [width, queries],
      gate: [hidden, width],
      up: [hidden, width],
      down: [width, hidden],
    }[name] as [number, number];
  }

  /** Ranges of sites by name (`layers.N.norm1`), as calibration found them: where learning begins. */
  setRanges(ranges: ReadonlyMap<string, Range>): void {
    for (const [site, [low, high]] of ranges) {
      const bits = this.settings.sites[site.slice(site.lastIndexOf(".") + 1) as BlockSite]!;
      const [from, to] = [Math.min(0, low), Math.max(0, high)];
      const scale = Math.min(1e6, Math.max(1e-5, (to - from) / (2 ** bits - 1)));
      const at = site.replace(/([^.]+)$/, "range.$1");
      this.#set(`${at}.scale`, [1], this.settings.ranges === "log" ? Math.log(scale) : scale);
      this.#set(`${at}.zero`, [1], Math.round(-from / scale));
    }
  }

  /** Rows before every window of each layer, as the float network has them; there are none at first. */
  setPrefix(rows: readonly PrefixRows[]): void {
    this.#prefix = rows;
  }

  /** Takes over what was learned under a name. */
  take(name: string, values: Float32Array): void {
    this.#shapes.set(name, this.#shapes.get(name) ?? [values.length]);
    this.values.set(name, values);
  }

  /** Name of a weight of a block in the model. */
  weightName(layer: number, name: keyof BlockWeights): string {
    return `layers.${layer}.${MODULES[name]}.weight`;
  }

  /** Whether a name is of the groups that change: `let`, `lwc`, `range`. */
  static isOf(name: string, groups: readonly string[]): boolean {
    return groups.includes(name.split(".")[2]);
  }

  /** The residual behind a block of the float network. */
  floatBlock(
    build: NodeBuilder,
    layer: number,
    x: Value,
    see: (site: BlockSite, x: Value) => void = () => {},
  ): Value {
    const weights = this.#weightsOf(build.graph, layer);
    return this.#block(
      build,
      x,
      weights,
      weights,
      this.#prefixOf(build.graph, layer),
      (site, x) => {
        see(site, x);
        return x;
      },
    );
  }

  /**
   * The residual behind a block that is quantised.
   *
   * @param changes Groups of what is learned, as parameters of the graph; the others are constants of it.
   */
  quantizedBlock(
    build: NodeBuilder,
    layer: number,
    x: Value,
    changes: readonly string[],
  ): Value {
    const { graph } = build;
    const { sites, ranges } = this.settings;
    const at = `layers.${layer}`;
    const value = (name: string): Value => this.#valueOf(graph, `${at}.${name}`, changes);
    const moved = this.movedBlock(build, layer, changes);
    const clipped = Object.fromEntries(
      BLOCK_LINEARS.map((name) => [name, this.clipped(build, layer, name, moved[name], changes)]),
    ) as unknown as BlockWeights;
    const prefix = this.movedPrefix(build, layer, changes);
    return this.#block(build, x, moved, clipped, prefix, (site, x) => {
      const bits = sites[site];
      if (bits === undefined) return x;
      const range = { scale: value(`range.${site}.scale`), zero: value(`range.${site}.zero`) };
      const codes = unsignedCodes(bits);
      return fakeQuantize(build, x, learnedGrid(build, ranges, range, codes), codes);
    });
  }

  /** The weights of a block with scales moved, before they are quantised: the float network as it was. */
  movedBlock(build: NodeBuilder, layer: number, changes: readonly string[]): BlockWeights {
    const scale = this.#scalesOf(build.graph, layer, changes);
    const scales = {
      norm1: scale("norm1"),
      norm2: scale("norm2"),
      up: scale("up"),
      values: scale("values"),
      pairs: scale("pairs"),
    };
    return moveScales(build, this.#weightsOf(build.graph, layer), scales, this.config);
  }

  /** The rows before every window as the weights with moved scales give them. */
  movedPrefix(
    build: NodeBuilder,
    layer: number,
    changes: readonly string[],
  ): PrefixValues | undefined {
    const rows = this.#prefixOf(build.graph, layer);
    const scale = this.#scalesOf(build.graph, layer, changes);
    return rows && moveRows(build, rows, { values: scale("values"), pairs: scale("pairs") });
  }

  #prefixOf(graph: Graph, layer: number): PrefixValues | undefined {
    if (this.#prefix.length === 0) return undefined;
    const columns = this.config.kvHeads * this.config.headSize;
    const { keys, values } = this.#prefix[layer];
    const rows = (data: Float32Array): Value => {
      const shape = [data.length / columns, columns];
      return graph.constant("", { dtype: "f32", shape, data: data.slice() });
    };
    return { keys: rows(keys), values: rows(values) };
  }

  #scalesOf(graph: Graph, layer: number, changes: readonly string[]): (name: string) => Value {
    return (name) => this.#valueOf(graph, `layers.${layer}.let.${name}`, changes);
  }

  /** A weight on the grid of its clipped range. */
  clipped(
    build: NodeBuilder,
    layer: number,
    name: BlockLinear,
    weight: Value,
    changes: readonly string[],
  ): Value {
    const logit = (of: string): Value =>
      this.#valueOf(build.graph, `layers.${layer}.lwc.${name}.${of}`, changes);
    const { weightBits: bits, symmetric = false } = this.settings;
    const grid = { bits, symmetric, perTensor: !this.#isPerRow(name) };
    return clipWeight(build, weight, { high: logit("high"), low: logit("low") }, grid).weight;
  }

  #block(
    build: NodeBuilder,
    x: Value,
    norms: BlockWeights,
    weights: BlockWeights,
    rows: PrefixValues | undefined,
    site: (name: BlockSite, x: Value) => Value,
  ): Value {
    const { graph } = build;
    const tokens = x.shape[0] as number;
    const before = rows === undefined ? 0 : rows.keys.shape[0] as number;
    const angles = this.#angles(build, before, tokens);
    const { kvHeads, headSize } = this.config;
    /** Rows of the prefix, on the grid that those of the window are on. */
    const onGrid = (name: "k" | "v", x: Value): Value =>
      build.reshape(site(name, build.reshape(x, [before, kvHeads, headSize])), x.shape);
    return llamaBlock(build, x, angles, { ...this.config, tokens }, {
      ...rows && { prefix: { keys: onGrid("k", rows.keys), values: onGrid("v", rows.values) } },
      norm: (name, x) =>
        graph.apply(rmsNormalization, { x, gamma: norms[name] }, { epsilon: this.config.epsilon }),
      linear: (name, x) => graph.apply(linear, { x, weight: weights[name] }),
      site,
    });
  }

  /** Logits of the residual behind the last block; neither the norm nor the head is quantised. */
  logits(build: NodeBuilder, x: Value): Value {
    const { graph } = build;
    const { width, vocabularySize, epsilon, tied } = this.config;
    const gamma = this.#constant(graph, "norm.weight", [width]);
    const head = tied ? "embed_tokens.weight" : "lm_head.weight";
    const weight = this.#constant(graph, head, [vocabularySize, width]);
    const normed = graph.apply(rmsNormalization, { x, gamma }, { epsilon });
    return graph.apply(linear, { x: normed, weight });
  }

  /** The residual before the first block, `[T, width]`. */
  embed(ids: ArrayLike<number>): Float32Array {
    const { width } = this.config;
    const table = this.weights.get("embed_tokens.weight")!;
    const rows = new Float32Array(ids.length * width);
    Array.from(ids).forEach((id, t) =>
      rows.set(table.subarray(id * width, (id + 1) * width), t * width)
    );
    return rows;
  }

  #weightsOf(graph: Graph, layer: number): BlockWeights {
    return Object.fromEntries(
      Object.entries(MODULES).map(([name, module]) => {
        const shape = name.startsWith("norm")
          ? [this.config.width]
          : this.#shapeOf(name as BlockLinear);
        return [name, this.#constant(graph, `layers.${layer}.${module}.weight`, shape)];
      }),
    ) as unknown as BlockWeights;
  }

  #constant(graph: Graph, name: string, shape: readonly number[]): Value {
    const data = this.weights.get(name)! as Float32Array<ArrayBuffer>;
    return graph.constant("", { dtype: "f32", shape, data });
  }

  /** A value that is learned: a parameter where it changes, once in a graph. */
  #valueOf(graph: Graph, name: string, changes: readonly string[]): Value {
    const known = graph.parameters.find((parameter) => parameter.name === name);
    if (known !== undefined) return known;
    const data = this.values.get(name)! as Float32Array<ArrayBuffer>;
    const tensor = { dtype: "f32", shape: this.#shapes.get(name)!, data: data.slice() } as const;
    return LearnedLlama.isOf(name, changes)
      ? graph.parameter(name, tensor)
      : graph.constant("", tensor);
  }

  /** Cosines and sines of rows behind others. */
  #angles(build: NodeBuilder, before: number, tokens: number): Value {
    const { theta, headSize } = this.config;
    const frequencies = rotaryFrequencies(theta, headSize);
    const pairs = headSize / 2;
    const angles = Float32Array.from({ length: tokens * headSize }, (_, i) => {
      const [t, of] = [Math.floor(i / headSize), i % headSize];
      const turn = cosineAndSine(Math.imul(before + t, frequencies[of % pairs]));
      return turn[of < pairs ? 0 : 1];
    });
    return build.constant([tokens, 2, pairs], angles);
  }
}
