/** Training a network where it runs. */
import { FewbitError } from "../errors.ts";
import type { Inputs, Outputs, SyncInstance } from "../engines/engine.ts";
import { loadWasm } from "../engines/wasm/load.ts";
import { trainBuild } from "../engines/wasm/train_module.ts";
import type { Graph } from "../graph/graph.ts";
import type { CompiledProgram } from "../program/program.ts";
import type { Tensor } from "../tensor.ts";
import { GRADIENT } from "./_accumulate_gradients.ts";
import { AVERAGE } from "./_apply_gradients.ts";
import { batchOf, isCount } from "./check_settings.ts";
import { decodeCheckpoint, encodeCheckpoint } from "./checkpoint.ts";
import type { Cursor } from "./checkpoint.ts";
import { checkedWeights } from "./checked_weights.ts";
import { trainFastBuild, withTraining } from "./train_fast_build.ts";
import { throughEpochs } from "./epochs.ts";
import type { Place } from "./epochs.ts";
import { RANDOM } from "./_random_words.ts";
import { evaluate } from "./evaluate.ts";
import type { Evaluation, EvaluationOptions } from "./evaluate.ts";
import { plannedTraining } from "./planned_training.ts";
import type { PlannedTraining } from "./planned_training.ts";
import type { FitOptions, SaveOptions, TrainerSettings, TrainingStep } from "./trainer_options.ts";
import type { TrainingData } from "./training_data.ts";
import { ACCUMULATE, APPLY_UPDATE, LOSS, STEP, TRAIN_STEP } from "./training_graph.ts";
import type { TrainingSettings } from "./training_graph.ts";
import type { TrainingMemory } from "./training_memory.ts";
import { restNames, storedNames, wholeTensor } from "./stored_weights.ts";

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
  /** What the memory is taken for, known before the first step. */
  readonly memory: TrainingMemory;
  /** Examples of a run of the network. */
  readonly batch: number;
  /** Examples of a step: those of one run, or of as many as the settings accumulate. */
  readonly examples: number;
  /** Of checkpoints. */
  readonly #id: string;
  readonly #instance: SyncInstance;
  readonly #seed: number;
  readonly #place: Place = { cursor: { epoch: 0, batch: 0 }, isFitting: false };
  #steps = 0;
  /** Whether a step is in progress: some parameters may have been updated, and others not. */
  #isStepping = false;

  private constructor(
    { id, program, memory }: PlannedTraining,
    instance: SyncInstance,
    batch: number,
    { seed = 0, accumulate = 1 }: TrainingSettings,
  ) {
    this.#id = id;
    this.program = program;
    this.memory = memory;
    this.#instance = instance;
    this.batch = batch;
    this.examples = batch * accumulate;
    this.#seed = seed;
  }

  /**
   * Makes a graph one that trains, and loads it. The first extent of every input is the batch.
   *
   * @param examples How many examples that extent has, where each has several rows: windows of tokens, say.
   *
   * @throws {FewbitError} `invalid_argument` for settings out of range; `unsupported` where an op has no gradient, or
   * the host does not run the module; `limit_exceeded` where it takes more memory than it may, with the least that it takes.
   */
  static async load(
    graph: Graph,
    settings: TrainerSettings,
    examples?: number,
  ): Promise<Trainer> {
    const batch = batchOf(graph, examples);
    const { fast = false } = settings;
    const build = fast === false ? trainBuild() : await trainFastBuild(fast);
    const planning = plannedTraining(graph, settings, build);
    const planned = await (fast === false ? planning : withTraining(planning));
    const instance = await loadWasm(planned.file, { build });
    // What was fast does not go on as if it had not been, nor the other way round.
    const id = fast === false ? planned.id : `${planned.id}-fast`;
    return new Trainer({ ...planned, id }, instance, batch, settings);
  }

  /** Where training is in its data. */
  get cursor(): Cursor {
    return this.#place.cursor;
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
    options: FitOptions = {},
  ): AsyncGenerator<TrainingStep, void, void> {
    yield* throughEpochs(data, options, {
      place: this.#place,
      seed: this.#seed,
      examples: this.examples,
      batch: this.batch,
      step: (epoch, batchAt) => this.#step(epoch, batchAt),
    });
  }

  async #step(epoch: number, batchAt: (first: number) => Promise<Inputs>): Promise<TrainingStep> {
    const first = this.#place.cursor.batch * this.examples;
    // What fails before the first run leaves everything as it was.
    let inputs = await batchAt(first);
    this.#isStepping = true;
    let outputs: Outputs;
    try {
      if (this.examples === this.batch) outputs = await this.#run(inputs, TRAIN_STEP);
      else {
        await this.#run(inputs, ACCUMULATE);
        for (let at = this.batch; at < this.examples; at += this.batch) {
          inputs = await batchAt(first + at);
          await this.#run(inputs, ACCUMULATE);
        }
        outputs = await this.#run({}, APPLY_UPDATE);
      }
    } catch (error) {
      this.#forgetRuns();
      throw error;
    } finally {
      this.#isStepping = false;
    }
    const [loss, rate] = [outputs.loss.data[0], outputs.rate.data[0]] as number[];
    this.#place.cursor = { epoch, batch: this.#place.cursor.batch + 1 };
    const isSkipped = outputs.taken?.data[0] === 0;
    const step = isSkipped ? this.#steps : ++this.#steps;
    const scale = outputs.scale?.data[0] as number | undefined;
    const scaled = {
      ...scale !== undefined && { scale },
      ...isSkipped && { skipped: true as const },
    };
    if (Number.isFinite(loss)) return { step, epoch, loss, rate, ...scaled };
    throw new FewbitError(
      "invalid_argument",
      `Cannot go on training: the loss of step ${isSkipped ? step + 1 : step} is ${loss}${
        this.#firstNotFinite(inputs)
      }; ` +
        `lower the rate, or clip, and restore a checkpoint`,
    );
  }

  #run(inputs: Inputs, entry: string): Promise<Outputs> {
    return this.#instance.run(inputs, { entry });
  }

  /** After a step that failed on the way: gradients and elements of random numbers are counted from 0 again. */
  #forgetRuns(): void {
    for (const name of this.#named("state")) {
      const { data } = this.#instance.readSync(name);
      if (name.endsWith(GRADIENT) || name === LOSS) {
        this.#instance.write(name, data.fill(0 as never));
      } else if (name.startsWith(`${RANDOM}.`)) {
        this.#instance.write(name, (data as Int32Array).with(4, 0));
      }
    }
  }

  /** The first input, parameter or state that has an element which is not finite, for a message. */
  #firstNotFinite(inputs: Inputs): string {
    const isBad = (data: ArrayLike<unknown>): boolean =>
      !Array.from(data).every((x) => Number.isFinite(Number(x)));
    for (const [name, data] of Object.entries(inputs)) {
      if (isBad(data as ArrayLike<unknown>)) return `: input ${name} is not finite`;
    }
    for (const name of [...this.#named("parameter"), ...this.#named("state")]) {
      if (name.startsWith("train.")) continue;
      if (isBad(this.#whole(name).data)) return `, and ${name} is not finite any more`;
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
   * without examples, or for moving averages where there are none.
   */
  async evaluate(data: TrainingData, options: EvaluationOptions = {}): Promise<Evaluation> {
    const predict = (inputs: Inputs): Promise<Outputs> => this.predict(inputs);
    if (options.averaged !== true) return await evaluate(data, this.batch, predict, options);
    const averages = this.averages();
    this.#assertNoStep("evaluate");
    const own = new Map([...averages.keys()].map((name) => [name, this.#whole(name)]));
    this.#write(averages, [...averages.keys()]);
    try {
      return await evaluate(data, this.batch, predict, options);
    } finally {
      this.#write(own, [...own.keys()]);
    }
  }

  /**
   * The moving averages of the parameters by their names, for another trainer's {@linkcode loadWeights}.
   *
   * @throws {FewbitError} `invalid_argument` where the settings have none.
   */
  averages(): Map<string, Tensor> {
    const names = this.#named("state").filter((name) => name.endsWith(AVERAGE));
    if (names.length === 0) {
      throw new FewbitError("invalid_argument", "There are no moving averages: give average");
    }
    return new Map(
      names.map((name) => [name.slice(0, -AVERAGE.length), this.#instance.readSync(name)]),
    );
  }

  /** A parameter, as float32 however it is kept, or a state. */
  // deno-lint-ignore require-await
  async read(name: string): Promise<Tensor> {
    return this.#whole(name);
  }

  /**
   * Parameters, states and the place in the data as a file, from which training goes on bit by bit as it would have.
   *
   * @throws {FewbitError} `invalid_argument` within a step; between two of them is a good moment.
   */
  // deno-lint-ignore require-await
  async save({ metadata }: SaveOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
    this.#assertNoStep("save");
    const tensors = new Map<string, Tensor>();
    for (const name of [...this.#named("parameter"), ...this.#named("state")]) {
      tensors.set(name, this.#whole(name));
    }
    const place = { program: this.#id, cursor: this.#place.cursor };
    return encodeCheckpoint({ tensors, ...place, ...metadata && { metadata } });
  }

  /**
   * Goes on from what {@linkcode save} gave.
   *
   * @throws {FewbitError} `invalid_file` where it is damaged or another program's, `invalid_argument` where `fit` is
   * running; then nothing has changed.
   */
  restore(bytes: Uint8Array): void {
    if (this.#place.isFitting) {
      throw new FewbitError("invalid_argument", "Cannot restore checkpoint: fit is running");
    }
    const { tensors, program, cursor } = decodeCheckpoint(bytes);
    if (program !== this.#id) {
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
    this.#place.cursor = cursor;
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
    for (const name of restNames(this.program)) {
      this.#instance.write(name, this.#instance.readSync(name).data.fill(0 as never));
    }
    // Averages begin with what is averaged.
    for (const name of this.#named("state").filter((name) => name.endsWith(AVERAGE))) {
      this.#instance.write(name, tensors.get(name.slice(0, -AVERAGE.length))!.data);
    }
  }

  /** Names of the tensors of a region. */
  #named(of: "parameter" | "state"): string[] {
    return storedNames(this.program, of);
  }

  #whole(name: string): Tensor {
    return wholeTensor(this.program, name, (of) => this.#instance.readSync(of));
  }

  #write(tensors: ReadonlyMap<string, Tensor>, names: readonly string[]): void {
    this.#assertNoStep("load weights");
    // All is checked before the first is written.
    const found = checkedWeights(this.program, tensors, names);
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
