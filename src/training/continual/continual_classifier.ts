/** A classifier that learns classes one experience after the other, from a memory of latents (AR1*-free latent replay). */
import { FewbitError } from "../../errors.ts";
import { Graph } from "../../graph/graph.ts";
import { NodeBuilder } from "../../graph/node_builder.ts";
import { dsCnnBlocks, dsCnnHead, dsCnnStem } from "../../models/ds_cnn.ts";
import { channelsFirst, TrainedLayers, uniform } from "../../models/trained_layers.ts";
import type { Initialize } from "../../models/trained_layers.ts";
import { shuffle } from "../../numeric/shuffle.ts";
import type { Tensor } from "../../tensor.ts";
import { encodeCheckpoint } from "../checkpoint.ts";
import { crossEntropy } from "../losses/cross_entropy.ts";
import { Trainer } from "../trainer.ts";
import type { TrainingData } from "../training_data.ts";
import type { TrainingMemory } from "../training_memory.ts";
import type { TrainingSettings } from "../training_graph.ts";
import { CwrHead } from "./cwr_head.ts";
import { encodeLatents, LATENT_TYPES } from "./latent_codes.ts";
import type { LatentType } from "./latent_codes.ts";
import { LAST_LIMITS } from "./renorm_limits.ts";
import { replayData } from "./replay_data.ts";
import type { StoredLatent } from "./replay_data.ts";
import { BalancedReservoir } from "./replay_memory.ts";

/** How a classifier learns. */
export interface ContinualSettings {
  /** Rows and columns of its pictures, of one channel. */
  readonly picture: readonly [number, number];
  /** Classes of all experiences together. */
  readonly classes: number;
  /** Examples whose latents are kept; 0: none, which forgets. */
  readonly memory: number;
  /** How each number of a latent is kept: `u8` (8 bits), `bf16` or `f16`. Default `u8`. */
  readonly latents?: LatentType;
  /** Blocks of the DS-CNN that stay as the first experience has made them, of 0 to 3. Default 2. */
  readonly frozen?: number;
  /** Examples of a batch of the first experience, and of later ones. Default 32 and 128. */
  readonly batch?: readonly [first: number, later: number];
  /** Epochs of the first experience, and of later ones. Default 6 and 4. */
  readonly epochs?: readonly [first: number, later: number];
  /** Largest rate of the first experience, and rate of later ones. Default 0.1 and 0.05. */
  readonly rate?: readonly [first: number, later: number];
  /**
   * The share of a batch in the running statistics of later experiences. Default 0.05; the authors' 5e-5 goes with their
   * rate of 5e-5, by which activations hardly move.
   */
  readonly statisticsRate?: number;
  /** Whether the last layer is consolidated (CWR*). Without it and a memory an experience is fine-tuning. Default true. */
  readonly consolidated?: boolean;
  /** Of weights, orders and the memory. Default 1. */
  readonly seed?: number;
}

/** Entry of what the frozen layers make of pictures. */
const FRONT = "front";
/** As the authors have them. */
const SGD = { kind: "sgd", momentum: 0.9, decay: 5e-4 } as const;
/** Channels of a DS-CNN, which its last layer reads. */
const CHANNELS = 64;

/**
 * The first experience trains a whole DS-CNN. Then its first layers stay, and later ones learn by what these make of
 * pictures: of new ones, and of old ones that a class-balanced memory keeps in 8 or 16 bits (latent replay, Pellegrini et
 * al., 2020). Norms are Batch Renorm then; the last layer has no biases and is consolidated by CWR*.
 *
 * @example
 * ```ts
 * import { arrayData, ContinualClassifier } from "@fewbit/fewbit/train";
 *
 * const pictures = (label: number) =>
 *   arrayData({ x: new Float32Array(32 * 64).fill(label), labels: new Int32Array(32).fill(label) }, 32);
 * const settings = { picture: [8, 8], classes: 2, memory: 16, batch: [8, 16] } as const;
 * using learner = await ContinualClassifier.load(settings, 32);
 * await learner.learn(pictures(0));
 * await learner.learn(pictures(1));
 * console.log(learner.remembered);
 * ```
 */
export class ContinualClassifier implements Disposable {
  readonly #settings: Required<ContinualSettings>;
  readonly #whole: Trainer;
  readonly #head: CwrHead;
  readonly #reservoir: BalancedReservoir;
  readonly #memory: StoredLatent[] = [];
  #experiences = 0;

  private constructor(settings: Required<ContinualSettings>, whole: Trainer) {
    this.#settings = settings;
    this.#whole = whole;
    this.#head = new CwrHead(settings.classes, CHANNELS);
    this.#reservoir = new BalancedReservoir(settings.memory, settings.seed);
  }

  /**
   * Begins with random weights.
   *
   * @param examples Of the first experience, so that its rate can rise and fall.
   * @throws {FewbitError} `invalid_argument` for settings out of range.
   */
  static async load(settings: ContinualSettings, examples: number): Promise<ContinualClassifier> {
    const all: Required<ContinualSettings> = {
      frozen: 2,
      latents: "u8",
      batch: [32, 128],
      epochs: [6, 4],
      rate: [0.1, 0.05],
      statisticsRate: 0.05,
      consolidated: true,
      seed: 1,
      ...settings,
    };
    const isCount = (x: number, least: number, most: number): boolean =>
      Number.isInteger(x) && x >= least && x <= most;
    if (!isCount(all.frozen, 0, 3) || !isCount(all.memory, 0, 2 ** 20)) {
      throw new FewbitError(
        "invalid_argument",
        `Cannot learn continually: frozen is ${all.frozen} of 0 to 3, memory ${all.memory} of 0 to 2^20`,
      );
    }
    if (!LATENT_TYPES.includes(all.latents)) {
      throw new FewbitError(
        "invalid_argument",
        `Cannot learn continually: latents is ${all.latents}, expected one of ${LATENT_TYPES}`,
      );
    }
    const [batch] = all.batch;
    const steps = Math.max(1, Math.floor(examples / batch) * all.epochs[0]);
    const { graph, loss } = wholeGraph(all, uniform(all.seed));
    const [rate] = all.rate;
    const warmup = Math.ceil(steps / 20);
    const whole = await Trainer.load(graph, {
      ...common(all),
      loss,
      rate,
      schedule: { kind: "warmup_cosine", min: 0, warmup, steps },
    });
    return new ContinualClassifier(all, whole);
  }

  /** Examples that the memory holds. */
  get remembered(): number {
    return this.#memory.length;
  }

  /** Bytes of the latents that it holds. */
  get memoryBytes(): number {
    return this.#memory.reduce((sum, { latent: { codes } }) => sum + codes.byteLength, 0);
  }

  /** Bytes of the latents of a full memory. */
  get mostMemoryBytes(): number {
    const { memory, latents, picture } = this.#settings;
    return memory * sizeOf(mapOf(picture)) * (latents === "u8" ? 1 : 2);
  }

  /** What memory is taken for in the first experience, without latents; known before it. */
  get trainingMemory(): TrainingMemory {
    return this.#whole.memory;
  }

  /**
   * Learns an experience.
   *
   * @param data Inputs `x` `[batch, rows, columns, 1]` and `labels`.
   * @param onLoss Told the loss of each step.
   */
  async learn(data: TrainingData, onLoss: (loss: number) => void = () => {}): Promise<void> {
    const { memory, seed, epochs } = this.#settings;
    if (this.#experiences === 0) {
      for await (const { loss } of this.#whole.fit(data, { epochs: epochs[0] })) onLoss(loss);
    }
    const latents = await this.#latentsOf(data);
    const used = [...latents, ...this.#experiences === 0 ? [] : this.#memory];
    const counts = new Map<number, number>();
    for (const { label } of used) counts.set(label, (counts.get(label) ?? 0) + 1);
    if (this.#experiences > 0) await this.#later(latents, [...counts.keys()], onLoss);
    if (this.#settings.consolidated) {
      this.#head.consolidate((await this.#whole.read("fc.weight")).data as Float32Array, counts);
      await this.#write(new Map([["fc.weight", this.#head.head()]]));
    }
    if (memory > 0) this.#remember(latents, seed);
    this.#experiences++;
  }

  /** The share of examples, of all classes, that it knows. */
  async accuracy(data: TrainingData): Promise<number> {
    return (await this.#whole.evaluate(data)).accuracy;
  }

  /**
   * Weights and statistics as a checkpoint that `fewbit classify` and `export` read; the memory is not in it.
   *
   * @param metadata Strings that stand in the file.
   */
  async save(metadata: Readonly<Record<string, string>>): Promise<Uint8Array<ArrayBuffer>> {
    const weights = await this.#weights();
    const { classes } = this.#settings;
    // A DS-CNN has biases there.
    const bias: Tensor = { dtype: "f32", shape: [classes], data: new Float32Array(classes) };
    const tensors = new Map([...weights, ["fc.bias", bias] as const]);
    const cursor = { epoch: this.#experiences, batch: 0 };
    return encodeCheckpoint({ tensors, program: "continual", cursor, metadata });
  }

  /** Gives the memory back. */
  [Symbol.dispose](): void {
    this.#whole[Symbol.dispose]();
  }

  /** Trains what is not frozen, on latents. */
  async #later(
    latents: readonly StoredLatent[],
    classes: readonly number[],
    onLoss: (loss: number) => void,
  ): Promise<void> {
    const { batch: [, batch], epochs: [, epochs], rate: [, rate], statisticsRate, seed } =
      this.#settings;
    const known = await this.#weights();
    const start = this.#head.start(classes);
    const { graph, loss, size } = backGraph(this.#settings, ({ name, shape }) => {
      if (name === "fc.weight" && this.#settings.consolidated) return start;
      return flattened(known, name, shape);
    });
    for (const { id, name, shape } of graph.states) {
      graph.initial.set(id, { ...known.get(name)!, shape: shape as readonly number[] });
    }
    using trainer = await Trainer.load(graph, {
      ...common(this.#settings),
      seed: seed + this.#experiences,
      loss,
      rate,
      renorm: { ...LAST_LIMITS, rate: statisticsRate },
    });
    const data = replayData(latents, this.#memory, { size, batch, seed: seed + this.#experiences });
    for await (const { loss } of trainer.fit(data, { epochs })) onLoss(loss);
    const learned = new Map<string, Float32Array>();
    for (const { name } of [...graph.parameters, ...graph.states]) {
      learned.set(name, (await trainer.read(name)).data as Float32Array);
    }
    await this.#write(learned);
  }

  /** What the frozen layers make of pictures, as it is kept. */
  async #latentsOf(data: TrainingData): Promise<StoredLatent[]> {
    const { batch } = this.#whole;
    const stored: StoredLatent[] = [];
    for (let first = 0; first < data.count; first += batch) {
      const examples = Int32Array.from(
        { length: batch },
        (_, i) => Math.min(first + i, data.count - 1),
      );
      const { x, labels } = await data.batch(examples);
      const { latents } = await this.#whole.predict({ x }, FRONT);
      const all = latents.data as Float32Array;
      const size = all.length / batch;
      for (let i = 0; i < Math.min(batch, data.count - first); i++) {
        const latent = encodeLatents(
          all.subarray(i * size, (i + 1) * size),
          this.#settings.latents,
        );
        stored.push({ latent, label: Number(labels[i]) });
      }
    }
    return stored;
  }

  /** Offers new latents to the memory, in a random order. */
  #remember(latents: readonly StoredLatent[], seed: number): void {
    const order = shuffle(latents.length, seed, ORDER_STREAM, this.#experiences);
    for (const i of order) {
      const slot = this.#reservoir.offer(latents[i].label);
      if (slot !== undefined) this.#memory[slot] = latents[i];
    }
  }

  /** Parameters and statistics of the whole network. */
  async #weights(): Promise<Map<string, Tensor>> {
    const names = this.#whole.program.tensors
      .filter(({ region, name }) => isKept(region) && !/^train\.|\.momentum$/.test(name))
      .map(({ name }) => name);
    return new Map(
      await Promise.all(names.map(async (name) => [name, await this.#whole.read(name)] as const)),
    );
  }

  async #write(changed: ReadonlyMap<string, Float32Array>): Promise<void> {
    const weights = await this.#weights();
    for (const [name, data] of changed) {
      const { shape } = weights.get(name)!;
      weights.set(name, { dtype: "f32", shape, data: data.slice() });
    }
    this.#whole.loadWeights(weights);
  }
}

/** `MEMO`: the stream of random numbers of the order in which examples are offered. */
const ORDER_STREAM = 0x4d454d4f;

function isKept(region: string): boolean {
  return region === "parameter" || region === "state";
}

function common({ seed }: Required<ContinualSettings>): Omit<TrainingSettings, "loss" | "rate"> {
  return {
    seed,
    optimizer: SGD,
    decay: (_, shape) => shape.length > 1 ? SGD.decay : 0,
  };
}

/** All layers, on pictures. */
function wholeGraph(settings: Required<ContinualSettings>, initialize: Initialize) {
  const { picture: [height, width], classes, frozen, batch: [batch] } = settings;
  const graph = new Graph();
  const layers = new TrainedLayers(graph, initialize);
  const x = graph.input("x", "f32", [batch, height, width, 1]);
  const labels = graph.input("labels", "i32", [batch], { check: "below", limit: classes });
  const latents = dsCnnBlocks(layers, dsCnnStem(layers, x), 1, frozen);
  const y = dsCnnBlocks(layers, latents, frozen + 1, 4);
  const logits = dsCnnHead(layers, y, { height, width, classes, bias: false });
  graph.output("logits", logits);
  graph.output("latents", latents, FRONT);
  return { graph, loss: crossEntropy(new NodeBuilder(graph), logits, labels) };
}

/** The layers that go on learning, on latents. */
function backGraph(settings: Required<ContinualSettings>, initialize: Initialize) {
  const { picture: [height, width], classes, frozen, batch: [, batch] } = settings;
  const graph = new Graph();
  const layers = new TrainedLayers(graph, initialize);
  const map = mapOf([height, width]);
  const x = graph.input("x", "f32", [batch, ...map]);
  const labels = graph.input("labels", "i32", [batch], { check: "below", limit: classes });
  const y = dsCnnBlocks(layers, x, frozen + 1, 4);
  const logits = dsCnnHead(layers, y, { height, width, classes, bias: false });
  const loss = crossEntropy(new NodeBuilder(graph), logits, labels);
  return { graph, loss, size: sizeOf(map) };
}

/** Rows, columns and channels of a latent. */
function mapOf([height, width]: readonly [number, number]): number[] {
  return [Math.ceil(height / 2), Math.ceil(width / 2), CHANNELS];
}

function sizeOf(map: readonly number[]): number {
  return map.reduce((a, b) => a * b);
}

/** Elements of a parameter as PyTorch has them, of which the trainer holds convolutions channels last. */
function flattened(
  weights: ReadonlyMap<string, Tensor>,
  name: string,
  shape: readonly number[],
): Float32Array {
  const data = weights.get(name)!.data as Float32Array;
  return shape.length === 4 ? channelsFirst(data, shape) : data;
}
