/** Training a network where it runs. */
import { FewbitError } from "../errors.ts";
import { checkType } from "../engines/check_type.ts";
import type { Inputs, Outputs, SyncInstance } from "../engines/engine.ts";
import { expectTensor } from "../engines/expect_tensor.ts";
import { loadWasm } from "../engines/wasm/load.ts";
import { trainBuild } from "../engines/wasm/train_module.ts";
import type { Graph } from "../graph/graph.ts";
import { compile } from "../lower/compile.ts";
import { shuffle } from "../numeric/shuffle.ts";
import { encodeProgram } from "../program/encode.ts";
import type { CompiledProgram } from "../program/program.ts";
import { bytesOf, denseBytes } from "../tensor.ts";
import type { Tensor } from "../tensor.ts";
import { isCount } from "./_check_settings.ts";
import { decodeCheckpoint, encodeCheckpoint } from "./checkpoint.ts";
import type { Cursor } from "./checkpoint.ts";
import type { TrainingData } from "./training_data.ts";
import { STEP, TRAIN_STEP, trainingGraph } from "./training_graph.ts";
import type { TrainingSettings } from "./training_graph.ts";

/** What a step was like. */
export interface TrainingStep {
  /** Steps so far, this one among them. */
  readonly step: number;
  /** The epoch, from 0 on. */
  readonly epoch: number;
  /** The loss before the update. */
  readonly loss: number;
  /** The learning rate. */
  readonly rate: number;
}

/** Options of {@linkcode Trainer.fit}. */
export interface FitOptions {
  /** How often all examples are gone through, those of a restored checkpoint among them. Default 1. */
  readonly epochs?: number;
  /** Stops between two steps with its reason. */
  readonly signal?: AbortSignal;
}

/** How well a network knows some examples. */
export interface Evaluation {
  /** The share of the examples whose label has the largest output. */
  readonly accuracy: number;
  /** How many there were. */
  readonly count: number;
}

/** Options of {@linkcode Trainer.evaluate}. */
export interface EvaluationOptions {
  /** Name of the output. Default `logits`. */
  readonly output?: string;
  /** Name of the labels among the inputs. Default `labels`. */
  readonly labels?: string;
  /** Stops between two batches with its reason. */
  readonly signal?: AbortSignal;
}

/** `SHUF`: the stream of random numbers of shuffles. */
const SHUFFLE_STREAM = 0x53485546;

/**
 * Trains the parameters of a graph.
 *
 * @example
 * ```ts
 * import { arrayData, crossEntropy, Graph, NodeBuilder, ops, Trainer } from "@fewbit/fewbit/train";
 *
 * const graph = new Graph();
 * const x = graph.input("x", "f32", [2, 4]);
 * const labels = graph.input("labels", "i32", [2], { check: "below", limit: 3 });
 * const weight = graph.parameter("weight", {
 *   dtype: "f32",
 *   shape: [3, 4],
 *   data: new Float32Array(12),
 * });
 * const logits = graph.apply(ops.linear, { x, weight });
 * graph.output("logits", logits);
 * const loss = crossEntropy(new NodeBuilder(graph), logits, labels);
 *
 * using trainer = await Trainer.load(graph, { loss, rate: 0.1 });
 * const data = arrayData({ x: new Float32Array(40).fill(1), labels: new Int32Array(10) }, 10);
 * for await (const { step, loss } of trainer.fit(data, { epochs: 2 })) console.log(step, loss);
 * ```
 */
export class Trainer implements Disposable {
  /** The program: `train_step`, and the entries of the network. */
  readonly program: CompiledProgram;
  /** Examples of a batch. */
  readonly batch: number;
  readonly #instance: SyncInstance;
  readonly #seed: number;
  #cursor: Cursor = { epoch: 0, batch: 0 };
  #steps = 0;
  #isFitting = false;
  /** Whether a step is in progress: some parameters may have been updated, and others not. */
  #isStepping = false;

  private constructor(
    program: CompiledProgram,
    instance: SyncInstance,
    batch: number,
    seed: number,
  ) {
    this.program = program;
    this.#instance = instance;
    this.batch = batch;
    this.#seed = seed;
  }

  /**
   * Makes a graph one that trains, and loads it. The first extent of every input is the batch.
   *
   * @throws {FewbitError} `invalid_argument` for settings out of range; `unsupported` where an op has no gradient, or
   * the host does not run the module.
   */
  static async load(graph: Graph, settings: TrainingSettings): Promise<Trainer> {
    const sizes = new Set(graph.inputs.map(({ shape }) => shape[0]));
    const [batch] = sizes;
    if (sizes.size !== 1 || typeof batch !== "number") {
      throw new FewbitError(
        "invalid_argument",
        "Cannot train: all inputs have to have the same fixed number of examples first",
      );
    }
    const program = compile(trainingGraph(graph, settings), { training: true });
    const instance = await loadWasm(await encodeProgram(program), { build: trainBuild() });
    return new Trainer(program, instance, batch, settings.seed ?? 0);
  }

  /** Where training is in its data. */
  get cursor(): Cursor {
    return this.#cursor;
  }

  /** Steps so far. */
  get steps(): number {
    return this.#steps;
  }

  /** Bytes that parameters, states and all that a step needs take. */
  get memoryBytes(): number {
    return this.#instance.memoryBytes;
  }

  /**
   * Goes through examples, in another order each epoch, a step for each batch; what is left of an epoch is dropped.
   * An abort takes effect between two steps, so that no update is torn.
   *
   * @throws {FewbitError} `invalid_argument` where the loss is no number any more, there are fewer examples than a
   * batch has, or `fit` is running already.
   */
  async *fit(
    data: TrainingData,
    { epochs = 1, signal }: FitOptions = {},
  ): AsyncGenerator<TrainingStep, void, void> {
    checkCount(data.count);
    if (epochs !== Infinity && !isCount(epochs)) {
      throw new FewbitError(
        "invalid_argument",
        `Cannot train: epochs is ${String(epochs)}, expected an integer of at least 0`,
      );
    }
    const batches = Math.floor(data.count / this.batch);
    if (batches === 0) {
      throw new FewbitError(
        "invalid_argument",
        `Cannot train: ${data.count} examples are no batch of ${this.batch}`,
      );
    }
    if (this.#isFitting) throw new FewbitError("invalid_argument", "Cannot train: fit is running");
    this.#isFitting = true;
    try {
      for (
        ;
        this.#cursor.epoch < epochs;
        this.#cursor = { epoch: this.#cursor.epoch + 1, batch: 0 }
      ) {
        const { epoch } = this.#cursor;
        const order = shuffle(data.count, this.#seed, SHUFFLE_STREAM, epoch);
        while (this.#cursor.batch < batches) {
          signal?.throwIfAborted();
          const first = this.#cursor.batch * this.batch;
          yield await this.#step(
            await data.batch(order.subarray(first, first + this.batch)),
            epoch,
          );
        }
      }
    } finally {
      this.#isFitting = false;
    }
  }

  async #step(inputs: Inputs, epoch: number): Promise<TrainingStep> {
    this.#isStepping = true;
    const outputs = await this.#instance.run(inputs, { entry: TRAIN_STEP })
      .finally(() => this.#isStepping = false);
    const [loss, rate] = [outputs.loss.data[0], outputs.rate.data[0]] as number[];
    this.#cursor = { epoch, batch: this.#cursor.batch + 1 };
    const step = ++this.#steps;
    if (Number.isFinite(loss)) return { step, epoch, loss, rate };
    throw new FewbitError(
      "invalid_argument",
      `Cannot go on training: the loss of step ${step} is ${loss}${await this
        .#firstNotFinite()}; ` +
        `lower the rate, or clip, and restore a checkpoint`,
    );
  }

  /** The first parameter that has an element which is not finite, for a message. */
  async #firstNotFinite(): Promise<string> {
    for (const name of this.#named("parameter")) {
      const { data } = await this.#instance.read(name, "f32");
      if (!data.every(Number.isFinite)) return `, and ${name} is not finite any more`;
    }
    return "";
  }

  /** Runs an entry of the network, in evaluation mode, on a batch. */
  async predict(inputs: Inputs, entry = "main"): Promise<Outputs> {
    return await this.#instance.run(inputs, { entry });
  }

  /**
   * The share of examples whose label has the largest output. Neither parameters nor statistics change.
   *
   * @throws {FewbitError} `not_found` where there is no such output, `invalid_argument` for examples without labels,
   * or without examples.
   */
  async evaluate(
    data: TrainingData,
    { output = "logits", labels = "labels", signal }: EvaluationOptions = {},
  ): Promise<Evaluation> {
    checkCount(data.count);
    if (data.count === 0) {
      throw new FewbitError("invalid_argument", "Cannot evaluate: there are no examples");
    }
    let right = 0;
    for (let first = 0; first < data.count; first += this.batch) {
      signal?.throwIfAborted();
      // The last batch is filled up with its last example, which then counts once.
      const examples = Int32Array.from(
        { length: this.batch },
        (_, i) => Math.min(first + i, data.count - 1),
      );
      const { [labels]: expected, ...inputs } = await data.batch(examples);
      if (expected?.length !== this.batch) {
        throw new FewbitError(
          "invalid_argument",
          `Cannot evaluate: ${expected?.length ?? 0} of ${labels} for ${this.batch} examples`,
        );
      }
      const rows = expectTensor(await this.predict(inputs), output, "f32").data;
      const classes = rows.length / this.batch;
      for (let i = 0; i < Math.min(this.batch, data.count - first); i++) {
        const row = rows.subarray(i * classes, (i + 1) * classes);
        const largest = row.reduce((most, x) => Math.max(most, x), -Infinity);
        if (row.indexOf(largest) === Number(expected[i])) right++;
      }
    }
    return { accuracy: right / data.count, count: data.count };
  }

  /** A parameter or state. */
  async read(name: string): Promise<Tensor> {
    return await this.#instance.read(name);
  }

  /**
   * Parameters, states and the place in the data as a file, from which training goes on bit by bit as it would have.
   *
   * @throws {FewbitError} `invalid_argument` within a step; between two of them is a good moment.
   */
  // deno-lint-ignore require-await
  async save(): Promise<Uint8Array<ArrayBuffer>> {
    this.#assertNoStep("save");
    const tensors = new Map<string, Tensor>();
    for (const name of [...this.#named("parameter"), ...this.#named("state")]) {
      tensors.set(name, this.#instance.readSync(name));
    }
    return encodeCheckpoint({ tensors, program: this.#instance.id, cursor: this.#cursor });
  }

  /**
   * Goes on from what {@linkcode save} gave.
   *
   * @throws {FewbitError} `invalid_file` where it is damaged or another program's, `invalid_argument` where `fit` is
   * running; then nothing has changed.
   */
  restore(bytes: Uint8Array): void {
    if (this.#isFitting) {
      throw new FewbitError("invalid_argument", "Cannot restore checkpoint: fit is running");
    }
    const { tensors, program, cursor } = decodeCheckpoint(bytes);
    if (program !== this.#instance.id) {
      throw new FewbitError(
        "invalid_file",
        "Cannot restore checkpoint: it is another program's; loadWeights takes its parameters alone",
      );
    }
    const steps = Number(tensors.get(STEP)?.data[0]);
    if (!isCount(steps)) {
      throw new FewbitError("invalid_file", "Cannot restore checkpoint: it has no number of steps");
    }
    this.#write(tensors, [...this.#named("parameter"), ...this.#named("state")]);
    this.#cursor = cursor;
    this.#steps = steps;
  }

  /**
   * Takes the parameters of a checkpoint or another safetensors file, by name, and the running statistics that are
   * there; not what an optimiser remembers.
   *
   * @throws {FewbitError} `not_found`, `shape_mismatch` or `dtype_mismatch`, `invalid_argument` within a step; then
   * nothing has changed.
   */
  loadWeights(tensors: ReadonlyMap<string, Tensor>): void {
    const parameters = new Set(this.#named("parameter"));
    const statistics = this.#named("state").filter((name) =>
      tensors.has(name) && !name.startsWith("train.") &&
      !parameters.has(name.slice(0, name.lastIndexOf(".")))
    );
    this.#write(tensors, [...parameters, ...statistics]);
  }

  /** Names of the tensors of a region. */
  #named(of: "parameter" | "state"): string[] {
    return this.program.tensors.filter(({ region }) => region === of).map(({ name }) => name);
  }

  #write(tensors: ReadonlyMap<string, Tensor>, names: readonly string[]): void {
    this.#assertNoStep("load weights");
    const wanted = this.program.tensors.filter(({ name, region }) =>
      (region === "parameter" || region === "state") && names.includes(name)
    );
    // All is checked before the first is written.
    const found = wanted.map(({ name, dtype, extents }) => {
      const tensor = tensors.get(name);
      if (tensor === undefined) {
        throw new FewbitError("not_found", `Cannot load weights: there is no ${name}`);
      }
      const shape = extents.map((extent) => this.program.expressions[extent].constant);
      if (shape.join() !== tensor.shape.join()) {
        throw new FewbitError(
          "shape_mismatch",
          `Cannot load weights: ${name} is [${tensor.shape}], expected [${shape}]`,
        );
      }
      checkType(`Cannot load weights: ${name}`, dtype, tensor.data);
      if (bytesOf(tensor.data).length !== denseBytes(dtype, shape)) {
        throw new FewbitError(
          "shape_mismatch",
          `Cannot load weights: ${name} has ${tensor.data.length} elements, expected [${shape}]`,
        );
      }
      return [name, tensor.data] as const;
    });
    for (const [name, data] of found) this.#instance.write(name, data);
  }

  #assertNoStep(action: string): void {
    if (!this.#isStepping) return;
    throw new FewbitError("invalid_argument", `Cannot ${action}: a step is in progress`);
  }

  /** Gives the memory back. */
  [Symbol.dispose](): void {
    this.#instance[Symbol.dispose]();
  }
}

function checkCount(count: number): void {
  if (isCount(count)) return;
  throw new FewbitError(
    "invalid_argument",
    `Cannot use data: its count is ${String(count)}, expected an integer of at least 0`,
  );
}
