/**
 * Quantisation-aware training of I-ViT's vision transformers: a step runs the integer network forward, as it would be
 * exported, and the float network backward from the values that its codes stand for, straight through.
 *
 * @module
 */
import type { CheckpointFolder } from "../checkpoints/checkpoint_folder.ts";
import type { Outputs, SyncInstance } from "../engines/engine.ts";
import { load } from "../engines/load.ts";
import { loadWasm } from "../engines/wasm/load.ts";
import { trainBuild } from "../engines/wasm/train_module.ts";
import { FewbitError } from "../errors.ts";
import { compile } from "../lower/compile.ts";
import { NORMALIZED } from "../models/deit.ts";
import { canonicalNames } from "../models/names.ts";
import { channelsFirst } from "../models/trained_layers.ts";
import { float32 } from "../models/weights.ts";
import { quantizeParameters } from "../quantize/integer_parameters.ts";
import type { Tensor } from "../tensor.ts";
import { isCount } from "../training/check_settings.ts";
import { checkedWeights } from "../training/checked_weights.ts";
import { throughEpochs } from "../training/epochs.ts";
import type { Place } from "../training/epochs.ts";
import type { Cursor } from "../training/checkpoint.ts";
import { evaluate } from "../training/evaluate.ts";
import type { Evaluation, EvaluationOptions } from "../training/evaluate.ts";
import { plannedTraining } from "../training/planned_training.ts";
import { storedNames } from "../training/stored_weights.ts";
import type { FitOptions, SaveOptions, TrainingStep } from "../training/trainer_options.ts";
import type { TrainingData } from "../training/training_data.ts";
import type { TrainingMemory } from "../training/training_memory.ts";
import type { TrainingSettings } from "../training/training_graph.ts";
import { normalizationTable } from "../vision/preprocess.ts";
import { backwardGraph, plainVit } from "./_backward_graph.ts";
import { decodeQuantized, encodeQuantized, idOfTraining } from "./_quantized_checkpoint.ts";
import { channelsLastPictures, integersOf, standIns } from "./_stand_ins.ts";
import { compileFloatVision, metadataOf, preprocessingOf } from "./vision.ts";
import type { CompiledVision } from "./vision.ts";
import { WatchedForward } from "./_watched_forward.ts";

/** How a network learns to be one of integers. */
export type QuantizedTrainingSettings =
  & Pick<TrainingSettings, "rate" | "optimizer" | "schedule" | "clipNorm" | "seed">
  & {
    /** Pictures of a step. */
    readonly batch: number;
    /** Weight decay of tensors of two or more dimensions. Default 0. */
    readonly decay?: number;
    /**
     * `shift` (default): the network of integers forward. `float`: the float network, as a control with the same steps.
     */
    readonly forward?: "shift" | "float";
  };

/** Codes of every site, and logits, of some pictures. */
export interface ForwardCodes {
  /** By I-ViT's names. */
  readonly taps: ReadonlyMap<string, Tensor>;
  /** `[pictures, classes]`. */
  readonly logits: Float32Array;
}

/** What checkpoints are of. */
type Expected = { readonly id: string; readonly sites: readonly string[] };

/** What a step was like. */
export interface QuantizedStep {
  /** Steps so far, this one among them. */
  readonly step: number;
  /** The loss of the logits before the update. */
  readonly loss: number;
  /** The learning rate. */
  readonly rate: number;
}

/**
 * Trains a DeiT or ViT of the plain kind (a class token, LayerNorm, GELU), of timm or Hugging Face.
 *
 * Observers are I-ViT's, moving averages of what each site sees (momentum 0.95), and keep watching; scales, roundings
 * and clamps are constants to differentiation. The gradients of softmax, GELU and LayerNorm are those of the exact
 * functions at the values of the codes. Biases of LayerNorms have none, as with the authors (Li and Gu, 2023).
 *
 * @example
 * ```ts ignore
 * import { arrayData, QuantizedTrainer } from "@fewbit/fewbit/train";
 *
 * // A checkpoint of timm: config.json, and its tensors by name. Pictures are normalised, [n, channels, height, width].
 * using trainer = await QuantizedTrainer.load({ config, weights }, { batch: 32, rate: 2e-5 });
 * const data = arrayData({ image, labels }, labels.length);
 * for await (const { step, loss } of trainer.fit(data, { epochs: 3 })) console.log(step, loss);
 * const { program } = trainer.compile();
 * ```
 */
export class QuantizedTrainer implements Disposable {
  /** Pictures of a step. */
  readonly batch: number;
  /** What memory of the backward program is taken for, known before the first step; the integers' comes to it. */
  readonly memory: TrainingMemory;
  /** What checkpoints have to be of. */
  readonly #expected: Expected;
  readonly #folder: CheckpointFolder;
  readonly #instance: SyncInstance;
  readonly #settings: QuantizedTrainingSettings;
  /** Inputs that the backward program reads. */
  readonly #reads: ReadonlySet<string>;
  readonly #forward: WatchedForward = new WatchedForward();
  readonly #place: Place = { cursor: { epoch: 0, batch: 0 }, isFitting: false };
  #steps = 0;
  #isStepping = false;

  private constructor(
    { memory, ...expected }: Expected & Pick<QuantizedTrainer, "memory">,
    folder: CheckpointFolder,
    instance: SyncInstance,
    settings: QuantizedTrainingSettings,
  ) {
    this.batch = settings.batch;
    this.memory = memory;
    this.#expected = expected;
    this.#folder = folder;
    this.#instance = instance;
    this.#settings = settings;
    const inputs = instance.program.tensors.filter(({ region }) => region === "input");
    this.#reads = new Set(inputs.map(({ name }) => name));
  }

  /**
   * Begins with the float weights of a checkpoint.
   *
   * @throws {FewbitError} `unsupported` for another network than a plain ViT; `invalid_argument` for settings out of
   * range; `not_found`, `shape_mismatch` or `invalid_file` for weights that are missing, do not fit or are not finite.
   */
  static async load(
    folder: CheckpointFolder,
    settings: QuantizedTrainingSettings,
  ): Promise<QuantizedTrainer> {
    const { decay = 0, batch, forward = "shift", ...rest } = settings;
    if (!isCount(batch) || batch === 0 || !["shift", "float"].includes(forward)) {
      throw new FewbitError(
        "invalid_argument",
        `Cannot train for integers: batch ${batch}, forward "${forward}"; expected at least 1, and shift or float`,
      );
    }
    const sizes = plainVit(folder.config);
    // Under timm's names, whoever wrote them.
    const weights = new Map(
      [...canonicalNames(folder.weights)].map(([name, tensor]) =>
        [name, { ...tensor, dtype: "f32", data: float32(tensor, name) } as const] as const
      ),
    );
    const own = { ...folder, weights };
    // What it reads is known, and checked, before anything is trained.
    const { taps, sites } = integersOf(own, quantizeParameters());
    const isShift = forward === "shift";
    const { graph, loss } = backwardGraph({ sizes, weights, batch, ...isShift && { taps } });
    const build = trainBuild();
    const trained = {
      ...rest,
      loss,
      trainable: (name: string) => !/norm\d?\.bias$/.test(name),
      decay: (_: string, shape: readonly number[]) => shape.length > 1 ? decay : 0,
    };
    const { id: program, file, memory } = await plannedTraining(graph, trained, build);
    const instance = await loadWasm(file, { build });
    const id = idOfTraining(program, weights, { forward, seed: settings.seed ?? 0 });
    const watched = isShift ? sites.map(({ site: { name } }) => name) : [];
    return new QuantizedTrainer({ id, sites: watched, memory }, own, instance, settings);
  }

  /** Steps so far. */
  get steps(): number {
    return this.#steps;
  }

  /** Classes that it tells apart. */
  get classes(): number {
    return this.#folder.weights.get("head.weight")!.shape[0];
  }

  /** Pictures of a step, as {@linkcode Trainer.examples} has them. */
  get examples(): number {
    return this.batch;
  }

  /** Bytes of the backward program: parameters, states and all that a step needs; the integers' come to it. */
  get memoryBytes(): number {
    return this.#instance.memoryBytes;
  }

  /** Where {@linkcode fit} is in its data. */
  get cursor(): Cursor {
    return this.#place.cursor;
  }

  /**
   * Learns from a batch. What fails before the update leaves everything as it was.
   *
   * @param images Normalised pictures `[batch, channels, height, width]`.
   * @param labels Their classes.
   * @throws {FewbitError} `shape_mismatch` or `invalid_argument` for a batch that is none, while another step is in
   * progress, or where the loss is no number any more.
   */
  async step(images: Float32Array, labels: Int32Array): Promise<QuantizedStep> {
    this.#assertNoStep("train");
    const size = this.#image().reduce((a, b) => a * b);
    if (images.length !== this.batch * size || labels.length !== this.batch) {
      throw new FewbitError(
        "shape_mismatch",
        `Cannot train: ${images.length} values and ${labels.length} labels are no batch of ` +
          `${this.batch} pictures of ${size} values`,
      );
    }
    const before = this.#forward.watched;
    this.#isStepping = true;
    let outputs: Outputs;
    try {
      const inputs = this.#settings.forward === "float"
        ? { image: channelsLastPictures(images, this.#image()) }
        : await standIns({
          ...{ folder: this.#trained(), forward: this.#forward, images, batch: this.batch },
          reads: this.#reads,
        });
      outputs = await this.#instance.run({ ...inputs, labels }, { entry: "train_step" });
    } catch (error) {
      this.#forward.watched = before;
      throw error;
    } finally {
      this.#isStepping = false;
    }
    const [loss, rate] = [outputs.loss.data[0], outputs.rate.data[0]] as number[];
    const step = ++this.#steps;
    if (Number.isFinite(loss)) return { step, loss, rate };
    throw new FewbitError(
      "invalid_argument",
      `Cannot go on training: the loss of step ${step} is ${loss}; lower the rate, or clip, and restore a checkpoint`,
    );
  }

  /**
   * Goes through pictures as {@linkcode Trainer.fit} does, a step for each batch.
   *
   * @param data Inputs `image`, normalised pictures `[channels, height, width]`, and `labels`, int32.
   * @throws {FewbitError} As {@linkcode step}; `invalid_argument` where there are fewer pictures than a batch has, or
   * `fit` is running already.
   */
  async *fit(
    data: TrainingData,
    options: FitOptions = {},
  ): AsyncGenerator<TrainingStep, void, void> {
    const { batch } = this;
    yield* throughEpochs(data, options, {
      ...{ place: this.#place, seed: this.#settings.seed ?? 0, examples: batch, batch },
      step: async (epoch, batchAt) => {
        const at = this.#place.cursor.batch;
        const { image, labels } = await batchAt(at * batch);
        if (!(image instanceof Float32Array && labels instanceof Int32Array)) {
          throw new FewbitError(
            "dtype_mismatch",
            "Cannot train: data has no float32 image and int32 labels",
          );
        }
        const step = await this.step(image, labels);
        this.#place.cursor = { epoch, batch: at + 1 };
        return { ...step, epoch };
      },
    });
  }

  /**
   * The share of pictures whose label has the largest logit: of the integers that {@linkcode compile} gives, or of the
   * float network where that is forward.
   *
   * @throws {FewbitError} `invalid_argument` before the first step, or without pictures.
   */
  async evaluate(
    data: TrainingData,
    { signal }: Pick<EvaluationOptions, "signal"> = {},
  ): Promise<Evaluation> {
    const { batch } = this;
    const program = this.#settings.forward === "float"
      ? compileFloatVision({ ...this.#folder, weights: this.weights() })
      : this.compile().program;
    const run = { entry: NORMALIZED, symbols: { batch } };
    using instance = await load(program, { symbols: { max_batch: batch } });
    return await evaluate(data, batch, (inputs) => instance.run(inputs, run), {
      ...signal && { signal },
    });
  }

  /** Codes of all sites by the scales that training has found. Nothing changes. */
  async codes(images: Float32Array): Promise<ForwardCodes> {
    this.#assertScales();
    const network = integersOf(this.#trained(), quantizeParameters());
    const batch = images.length / this.#image().reduce((a, b) => a * b);
    const pass = { network, images, batch, wants: () => true };
    const { taps, logits } = await this.#forward.evaluate(pass);
    return { taps, logits };
  }

  /** The float weights under timm's names; those that nothing reads backward are the checkpoint's. */
  weights(): Map<string, Tensor> {
    const held = new Set(storedNames(this.#instance.program, "parameter"));
    return new Map([...this.#folder.weights].map(([name, tensor]) => {
      if (!held.has(name)) return [name, tensor];
      const { shape } = tensor;
      const stored = this.#instance.readSync(name, "f32").data;
      const data = shape.length === 4 ? channelsFirst(stored, shape) : stored;
      return [name, { dtype: "f32", shape, data }];
    }));
  }

  /**
   * The integer network of the weights and scales as they are.
   *
   * @throws {FewbitError} `invalid_argument` before the first step, where no scale is known.
   */
  compile(): CompiledVision {
    const scales = this.#assertScales();
    const folder = this.#trained();
    const preprocessing = preprocessingOf(folder);
    const pixelTable = normalizationTable(preprocessing);
    const network = integersOf(folder, quantizeParameters(), pixelTable);
    const metadata = metadataOf(folder.config, preprocessing, {
      nonlinear: "shift",
      bits: "w8a8",
      observer: "minmax",
    });
    return { program: compile(network.graph, { scales, metadata }), network, scales };
  }

  /**
   * Weights, what the optimiser and the observers remember, and the place in the data as a file, from which training goes
   * on bit by bit as it would have.
   *
   * @throws {FewbitError} `invalid_argument` within a step.
   */
  // deno-lint-ignore require-await
  async save({ metadata = {} }: SaveOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
    this.#assertNoStep("save");
    const tensors = new Map(
      this.#stored().map((name) => [name, this.#instance.readSync(name)] as const),
    );
    const { watched } = this.#forward;
    return encodeQuantized({
      ...{ tensors, watched, metadata },
      ...{ program: this.#expected.id, cursor: this.#place.cursor },
    });
  }

  /**
   * Goes on from what {@linkcode save} gave.
   *
   * @throws {FewbitError} `invalid_file` where it is damaged, or of another checkpoint, network or other settings;
   * `invalid_argument` within a step or where `fit` is running. Then nothing has changed.
   */
  restore(bytes: Uint8Array): void {
    this.#assertNoStep("restore checkpoint");
    if (this.#place.isFitting) {
      throw new FewbitError("invalid_argument", "Cannot restore checkpoint: fit is running");
    }
    const { tensors, watched, cursor, steps } = decodeQuantized(bytes, this.#expected);
    for (const [name, data] of checkedWeights(this.#instance.program, tensors, this.#stored())) {
      this.#instance.write(name, data);
    }
    this.#forward.watched = watched;
    this.#place.cursor = cursor;
    this.#steps = steps;
  }

  /** Gives the memory back. */
  [Symbol.dispose](): void {
    this.#instance[Symbol.dispose]();
  }

  /** The checkpoint with the weights as they are. */
  #trained(): CheckpointFolder {
    return { ...this.#folder, weights: this.weights() };
  }

  #image(): readonly number[] {
    return preprocessingOf(this.#folder).inputSize;
  }

  /** Names of what a checkpoint holds of the program. */
  #stored(): string[] {
    const { program } = this.#instance;
    return [...storedNames(program, "parameter"), ...storedNames(program, "state")];
  }

  #assertScales(): ReadonlyMap<string, number> {
    const { scales } = this.#forward.watched;
    if (scales.size > 0) return scales;
    throw new FewbitError("invalid_argument", "No scale is known before the first step");
  }

  #assertNoStep(action: string): void {
    if (!this.#isStepping) return;
    throw new FewbitError("invalid_argument", `Cannot ${action}: a step is in progress`);
  }
}
