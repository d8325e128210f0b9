/**
 * MobileQuant's stages (Tan et al., 2024): calibration, SmoothQuant in closed form, block after block by the error of its
 * output, and end to end from there; each leaves what it has found in the model.
 */
import type { SyncInstance } from "../../engines/engine.ts";
import { FewbitError } from "../../errors.ts";
import { product } from "../../graph/extent.ts";
import { Graph } from "../../graph/graph.ts";
import type { Value } from "../../graph/graph.ts";
import { NodeBuilder } from "../../graph/node_builder.ts";
import { reduceMax } from "../../graph/ops/mod.ts";
import { distillation } from "../losses/cross_entropy.ts";
import { meanSquaredError } from "../losses/regression.ts";
import { TRAIN_STEP, trainingGraph } from "../training_graph.ts";
import { folded, loaded } from "./fold_scales.ts";
import { LearnedLlama } from "./learned_llama.ts";
import type { Range } from "./learned_llama.ts";
import type { BlockSite } from "./llama_block.ts";

/** Learning rates of the groups; each falls by a cosine to a tenth of itself. Those that are absent do not change. */
export interface StageRates {
  /** Equivalent scales. */
  readonly let?: number;
  /** Logits of clipped weights. */
  readonly lwc?: number;
  /** Scales of ranges, or their logarithms, and their codes of 0. */
  readonly range?: { readonly scale: number; readonly zero: number };
}

/** Options of a stage that learns. */
export interface StageOptions {
  readonly rates: StageRates;
  /** How often all windows are gone through. */
  readonly epochs: number;
  readonly signal?: AbortSignal;
}

/** Options of the stage that learns block after block. */
export interface BlockStageOptions extends StageOptions {
  /** The layers that are learned; those before run as they are. Default: all. */
  readonly layers?: { readonly from: number; readonly to: number };
  /** Called behind each block. */
  readonly onBlock?: (block: LearnedBlock) => void | Promise<void>;
}

/** What a block has learned: the mean over tokens of the squared error of its output, in parts of its square. */
export interface LearnedBlock {
  readonly layer: number;
  readonly before: number;
  readonly after: number;
}

/** What is held against one another end to end: logits by KL, or the residual behind the last block. */
export type WholeLoss = "kl" | "mse";

/** Runs stages on windows of ids, all of one length. */
export class LearningStages {
  readonly #tokens: number;

  /**
   * @param windows Ids, with what begins a text.
   * @throws {FewbitError} `invalid_argument` where they are none, or not of one length.
   */
  constructor(readonly model: LearnedLlama, readonly windows: readonly (readonly number[])[]) {
    const lengths = new Set(windows.map(({ length }) => length));
    this.#tokens = [...lengths][0] ?? 0;
    if (lengths.size === 1 && this.#tokens > 0) return;
    throw new FewbitError("invalid_argument", "Cannot learn: expected windows of one length");
  }

  get #shape(): readonly number[] {
    return [this.#tokens, this.model.config.width];
  }

  /** Least and most of all sites of the float network, and the largest magnitude of their channels. */
  async #observe() {
    const graph = new Graph();
    const build = new NodeBuilder(graph);
    let x = graph.input("x", "f32", this.#shape);
    const { depth } = this.model.config;
    const seen: string[] = [];
    for (let layer = 0; layer < depth; layer++) {
      x = this.model.floatBlock(build, layer, x, (site, value) => {
        // k and v twice behind a prefix, whose rows are on the same grid.
        const i = seen.push(`layers.${layer}.${site}`) - 1;
        const columns = value.shape[value.shape.length - 1];
        const rows = build.reshape(value, [product(value.shape.slice(0, -1)), columns]);
        const most = (of: Value): Value => graph.apply(reduceMax, { x: of });
        graph.output(`high.${i}`, most(rows));
        graph.output(`low.${i}`, most(build.scale(rows, -1)));
      });
    }
    using instance = await loaded(graph);
    const [ranges, sizes] = [new Map<string, Range>(), new Map<string, Float32Array>()];
    for (const ids of this.windows) {
      const outputs = instance.runSync({ x: this.model.embed(ids) });
      for (const [i, name] of seen.entries()) {
        const high = outputs[`high.${i}`].data as Float32Array;
        const low = outputs[`low.${i}`].data as Float32Array;
        const [from, to] = ranges.get(name) ?? [Infinity, -Infinity];
        ranges.set(name, [Math.min(from, -Math.max(...low)), Math.max(to, ...high)]);
        const size = sizes.get(name) ?? new Float32Array(high.length);
        sizes.set(name, size.map((s, c) => Math.max(s, high[c], low[c])));
      }
    }
    return { ranges, sizes };
  }

  /** Finds the ranges of the sites that are quantised. */
  async calibrate(): Promise<void> {
    const { ranges } = await this.#observe();
    const { sites } = this.model.settings;
    const own = [...ranges].filter(([name]) =>
      sites[name.slice(name.lastIndexOf(".") + 1) as BlockSite] !== undefined
    );
    this.model.setRanges(new Map(own));
  }

  /**
   * SmoothQuant-Edge: norms and what `down` reads are divided by `a^α / w^(1−α)`, a the largest magnitude of a channel, w
   * that of the weights that read it.
   *
   * @returns A model with weights that have taken it up, without ranges.
   */
  async smooth(alpha: number): Promise<LearnedLlama> {
    const { sizes } = await this.#observe();
    const { config, weights, values } = this.model;
    const readers = {
      norm1: ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"],
      norm2: ["mlp.gate_proj", "mlp.up_proj"],
      down: ["mlp.down_proj"],
    };
    for (let layer = 0; layer < config.depth; layer++) {
      for (const [site, modules] of Object.entries(readers)) {
        const size = sizes.get(`layers.${layer}.${site}`)!;
        const most = new Float32Array(size.length);
        for (const module of modules) {
          weights.get(`layers.${layer}.${module}.weight`)!.forEach((w, i) => {
            most[i % size.length] = Math.max(most[i % size.length], Math.abs(w));
          });
        }
        const name = `layers.${layer}.let.${site === "down" ? "up" : site}`;
        values.get(name)!.set(
          size.map((a, c) => Math.max(a ** alpha / Math.max(most[c], 1e-5) ** (1 - alpha), 1e-5)),
        );
      }
    }
    return await folded(this.model);
  }

  /**
   * Learns one block after the other: the error of its output beside the float block's, each fed by its own kind.
   *
   * Stopped behind a block, it goes on from there with `layers.from` and the values that it had.
   */
  async learnBlocks(
    { layers = { from: 0, to: this.model.config.depth }, onBlock, ...options }: BlockStageOptions,
  ): Promise<void> {
    let streams = this.windows.map((ids) => this.model.embed(ids));
    let targets = streams;
    const changes = changesOf(options.rates);
    for (let layer = 0; layer < layers.to; layer++) {
      const made = (rows: readonly Float32Array[]): Promise<Float32Array[]> =>
        this.#through(rows, (build, x) => this.model.quantizedBlock(build, layer, x, []));
      targets = await this.#through(
        targets,
        (build, x) => this.model.floatBlock(build, layer, x),
      );
      const isLearned = layer >= layers.from;
      const error = (rows: readonly Float32Array[]): number =>
        errorOf(rows, targets, this.model.config.width);
      const before = isLearned && onBlock !== undefined ? error(await made(streams)) : 0;
      if (isLearned) {
        const graph = new Graph();
        const build = new NodeBuilder(graph);
        const x = graph.input("x", "f32", this.#shape);
        const target = graph.input("target", "f32", this.#shape);
        const y = this.model.quantizedBlock(build, layer, x, changes);
        const [inputs, wanted] = [streams, targets];
        await this.#learn(graph, meanSquaredError(build, y, target), options, (w) => ({
          x: inputs[w],
          target: wanted[w],
        }));
      }
      streams = await made(streams);
      if (isLearned) await onBlock?.({ layer, before, after: error(streams) });
    }
  }

  /** Learns all blocks at once. */
  async learnWhole({ loss: kind, ...options }: StageOptions & { loss: WholeLoss }): Promise<void> {
    const targets: Float32Array[] = [];
    {
      using float = await loaded(
        this.#whole(kind, (build, layer, x) => this.model.floatBlock(build, layer, x)),
      );
      for (const ids of this.windows) targets.push(residual(float, this.model.embed(ids)));
    }
    const graph = new Graph();
    const build = new NodeBuilder(graph);
    let x = graph.input("x", "f32", this.#shape);
    for (let layer = 0; layer < this.model.config.depth; layer++) {
      x = this.model.quantizedBlock(build, layer, x, changesOf(options.rates));
    }
    const columns = kind === "mse" ? this.model.config.width : this.model.config.vocabularySize;
    const target = graph.input("target", "f32", [this.#tokens, columns]);
    const loss = kind === "mse"
      ? meanSquaredError(build, x, target)
      : distillation(build, this.model.logits(build, x), target, 1);
    await this.#learn(graph, loss, options, (w) => ({
      x: this.model.embed(this.windows[w]),
      target: targets[w],
    }));
  }

  /** Mean of `KL(float ‖ quantised)`, in nats a token. */
  async divergence(): Promise<number> {
    using float = await loaded(
      this.#whole("kl", (build, layer, x) => this.model.floatBlock(build, layer, x)),
    );
    using own = await loaded(
      this.#whole("kl", (build, layer, x) => this.model.quantizedBlock(build, layer, x, [])),
    );
    let sum = 0;
    for (const ids of this.windows) {
      const x = this.model.embed(ids);
      sum += divergenceOf(residual(float, x), residual(own, x), this.#tokens);
    }
    return sum / this.windows.length / this.#tokens;
  }

  /** The residual behind the last quantised block, of each window. */
  async residuals(): Promise<Float32Array[]> {
    using own = await loaded(
      this.#whole("mse", (build, layer, x) => this.model.quantizedBlock(build, layer, x, [])),
    );
    return this.windows.map((ids) => residual(own, this.model.embed(ids)));
  }

  /** What a block makes of the residuals of windows. */
  async #through(
    rows: readonly Float32Array[],
    make: (build: NodeBuilder, x: Value) => Value,
  ): Promise<Float32Array[]> {
    using instance = await loaded(this.#ofBlock(make));
    return rows.map((x) => residual(instance, x));
  }

  #ofBlock(make: (build: NodeBuilder, x: Value) => Value): Graph {
    const graph = new Graph();
    graph.output("y", make(new NodeBuilder(graph), graph.input("x", "f32", this.#shape)));
    return graph;
  }

  #whole(kind: WholeLoss, make: (build: NodeBuilder, layer: number, x: Value) => Value): Graph {
    return this.#ofBlock((build, input) => {
      let x = input;
      for (let layer = 0; layer < this.model.config.depth; layer++) x = make(build, layer, x);
      return kind === "mse" ? x : this.model.logits(build, x);
    });
  }

  /** AdamW on all windows in their order, as often as asked. */
  async #learn(
    graph: Graph,
    loss: Value,
    { rates, epochs, signal }: StageOptions,
    inputsOf: (window: number) => Record<string, Float32Array>,
  ): Promise<void> {
    const rateOf = (name: string): number => {
      if (LearnedLlama.isOf(name, ["let"])) return rates.let!;
      if (LearnedLlama.isOf(name, ["lwc"])) return rates.lwc!;
      return name.endsWith(".zero") ? rates.range!.zero : rates.range!.scale;
    };
    const trained = trainingGraph(graph, {
      loss,
      rate: 1,
      optimizer: { kind: "adamw", decay: 0 },
      schedule: { kind: "cosine", min: 0.1, steps: epochs * this.windows.length },
      group: (name) => ({ rate: rateOf(name) }),
    });
    using instance = await loaded(trained);
    for (let epoch = 0; epoch < epochs; epoch++) {
      for (let w = 0; w < this.windows.length; w++) {
        signal?.throwIfAborted();
        const { loss } = instance.runSync(inputsOf(w), { entry: TRAIN_STEP });
        if (!Number.isFinite((loss.data as Float32Array)[0])) {
          throw new FewbitError("invalid_argument", "Cannot go on learning: the loss is no number");
        }
      }
    }
    for (const { name } of graph.parameters) {
      this.model.values.set(name, (instance.readSync(name).data as Float32Array).slice());
    }
  }
}

/** The groups that have a rate. */
function changesOf(rates: StageRates): string[] {
  return Object.entries(rates).filter(([, rate]) => rate !== undefined).map(([name]) => name);
}

function residual(instance: SyncInstance, x: Float32Array): Float32Array {
  return (instance.runSync({ x }).y.data as Float32Array).slice();
}

/** Mean over rows of `‖x − y‖² / ‖y‖²`, in float64. */
function errorOf(
  x: readonly Float32Array[],
  y: readonly Float32Array[],
  columns: number,
): number {
  const squares = (of: Float32Array): number => of.reduce((sum, v) => sum + v * v, 0);
  const errors = x.flatMap((own, w) =>
    Array.from({ length: own.length / columns }, (_, row) => {
      const part = (of: Float32Array) => of.subarray(row * columns, (row + 1) * columns);
      const wanted = part(y[w]);
      return squares(part(own).map((v, c) => v - wanted[c])) / squares(wanted);
    })
  );
  return errors.reduce((a, b) => a + b, 0) / errors.length;
}

/** `Σ KL(softmax p ‖ softmax q)` of rows of logits, in float64. */
function divergenceOf(p: Float32Array, q: Float32Array, rows: number): number {
  const columns = p.length / rows;
  let total = 0;
  for (let row = 0; row < rows; row++) {
    const [a, b] = [p, q].map((x) => x.subarray(row * columns, (row + 1) * columns));
    const logSum = (x: Float32Array): number => {
      const most = Math.max(...x);
      return most + Math.log(x.reduce((sum, y) => sum + Math.exp(y - most), 0));
    };
    const [la, lb] = [logSum(a), logSum(b)];
    for (let i = 0; i < columns; i++) total += Math.exp(a[i] - la) * (a[i] - la - b[i] + lb);
  }
  return total;
}
