/** A network of drawings that learns new ones from a few examples, where it runs. */
import {
  arrayData,
  crossEntropy,
  dsCnn,
  expectTensor,
  FewbitError,
  Graph,
  NodeBuilder,
  TrainedLayers,
  Trainer,
  uniform,
} from "../../src/train.ts";
import type { TrainingData } from "../../src/train.ts";
import { jittered, pictureOf, SHAPES, SIDE } from "./shapes.ts";
import type { Shape, Stroke } from "./shapes.ts";

/** Outputs of the network: as many names as it may ever know. */
const MOST_NAMES = 8;
/** Pictures of a step. */
const BATCH = 32;
/** Pictures of a name in an epoch, each by another hand. */
const HANDS = 32;
const FIRST_EPOCHS = 8, MORE_EPOCHS = 10;

/** A name and how likely it is. */
export interface Guess {
  readonly name: string;
  readonly probability: number;
}

/** How far teaching is. */
export type OnProgress = (done: number, total: number, loss: number) => void;

/** What knows drawings by name. */
export class DrawingLearner implements Disposable {
  readonly #trainer: Trainer;
  /** Drawings by name; the ones before are shown again when a new one is taught. */
  readonly #known: { readonly name: string; readonly drawings: readonly (readonly Stroke[])[] }[];

  private constructor(trainer: Trainer, shapes: readonly Shape[]) {
    this.#trainer = trainer;
    this.#known = shapes.map(({ name, strokes }) => ({ name, drawings: [strokes] }));
  }

  /** One that has learned some shapes. */
  static async open(
    { shapes = SHAPES, onProgress, signal }: {
      readonly shapes?: readonly Shape[];
      readonly onProgress?: OnProgress;
      readonly signal?: AbortSignal;
    } = {},
  ): Promise<DrawingLearner> {
    const graph = new Graph();
    const x = graph.input("x", "f32", [BATCH, SIDE, SIDE, 1]);
    const labels = graph.input("labels", "i32", [BATCH], { check: "below", limit: MOST_NAMES });
    const logits = dsCnn(new TrainedLayers(graph, uniform(1)), x, { classes: MOST_NAMES });
    graph.output("logits", logits);
    const trainer = await Trainer.load(graph, {
      loss: crossEntropy(new NodeBuilder(graph), logits, labels),
      rate: 0.05,
      optimizer: { kind: "sgd", momentum: 0.9, nesterov: true },
      seed: 1,
    });
    const learner = new DrawingLearner(trainer, shapes);
    await learner.#learn(FIRST_EPOCHS, onProgress, signal);
    return learner;
  }

  /** Names that it knows. */
  get names(): string[] {
    return this.#known.map(({ name }) => name);
  }

  /** Bytes that the network and its training take. */
  get memoryBytes(): number {
    return this.#trainer.memoryBytes;
  }

  /**
   * Learns a name from some drawings of it, and goes on knowing the others.
   *
   * @throws {FewbitError} `invalid_argument` without a drawing or a new name, `limit_exceeded` for one name too many.
   */
  async teach(
    name: string,
    drawings: readonly (readonly Stroke[])[],
    onProgress?: OnProgress,
    signal?: AbortSignal,
  ): Promise<void> {
    if (name.trim() === "" || this.names.includes(name)) {
      throw new FewbitError("invalid_argument", `Cannot teach "${name}": give a new name`);
    }
    if (drawings.length === 0 || drawings.some((strokes) => strokes.flat().length === 0)) {
      throw new FewbitError("invalid_argument", `Cannot teach "${name}": draw it first`);
    }
    if (this.#known.length === MOST_NAMES) {
      throw new FewbitError("limit_exceeded", `Cannot teach "${name}": ${MOST_NAMES} are known`);
    }
    this.#known.push({ name, drawings });
    await this.#learn(MORE_EPOCHS, onProgress, signal);
  }

  /** What a drawing may be, the likeliest first. */
  async guess(strokes: readonly Stroke[]): Promise<Guess[]> {
    const x = new Float32Array(BATCH * SIDE * SIDE);
    x.set(pictureOf(strokes));
    const { data } = expectTensor(await this.#trainer.predict({ x }), "logits", "f32");
    const logits = data.subarray(0, this.#known.length);
    const most = Math.max(...logits);
    const weights = Array.from(logits, (logit) => Math.exp(logit - most));
    const sum = weights.reduce((a, b) => a + b);
    return this.names.map((name, i) => ({ name, probability: weights[i] / sum }))
      .sort((a, b) => b.probability - a.probability);
  }

  async #learn(
    epochs: number,
    onProgress: OnProgress | undefined,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const data = this.#data();
    const total = epochs * Math.floor(data.count / BATCH);
    const { cursor } = this.#trainer;
    let done = 0;
    const options = { epochs: cursor.epoch + epochs, ...signal && { signal } };
    for await (const { loss } of this.#trainer.fit(data, options)) {
      onProgress?.(++done, total, loss);
    }
  }

  /** As many pictures of each name. */
  #data(): TrainingData {
    const count = this.#known.length * HANDS;
    const x = new Float32Array(count * SIDE * SIDE);
    const labels = new Int32Array(count);
    this.#known.forEach(({ drawings }, label) => {
      for (let hand = 0; hand < HANDS; hand++) {
        const example = label * HANDS + hand;
        const strokes = jittered(drawings[hand % drawings.length], example);
        x.set(pictureOf(strokes), example * SIDE * SIDE);
        labels[example] = label;
      }
    });
    return arrayData({ x, labels }, count);
  }

  /** Gives the memory back. */
  [Symbol.dispose](): void {
    this.#trainer[Symbol.dispose]();
  }
}
