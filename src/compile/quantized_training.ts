/**
 * Quantisation-aware training of I-ViT's vision transformers: a step runs the integer network forward, as it would be
 * exported, and the float network backward from the values that its codes stand for, straight through.
 *
 * @module
 */
import type { CheckpointFolder } from "../checkpoints/checkpoint_folder.ts";
import type { Inputs, SyncInstance } from "../engines/engine.ts";
import { load } from "../engines/load.ts";
import { loadWasm } from "../engines/wasm/load.ts";
import { trainBuild } from "../engines/wasm/train_module.ts";
import { FewbitError } from "../errors.ts";
import { Graph } from "../graph/graph.ts";
import type { Value } from "../graph/graph.ts";
import { NodeBuilder } from "../graph/node_builder.ts";
import { straightThrough } from "../graph/ops/mod.ts";
import { compile } from "../lower/compile.ts";
import { NORMALIZED } from "../models/deit.ts";
import { visionConfig } from "../models/read_vision_config.ts";
import { channelsFirst, TrainedLayers } from "../models/trained_layers.ts";
import { encodeProgram } from "../program/encode.ts";
import { calibrateRuns } from "../quantize/calibrate.ts";
import { quantizeIVit } from "../quantize/i_vit.ts";
import type { IntegerNetwork } from "../quantize/integer_network.ts";
import { quantizeParameters } from "../quantize/integer_parameters.ts";
import { createObserver } from "../quantize/observer.ts";
import type { Observer } from "../quantize/observer.ts";
import type { Tensor } from "../tensor.ts";
import { crossEntropy } from "../training/losses/cross_entropy.ts";
import { tinyVit } from "../training/networks/tiny_vit.ts";
import { trainingGraph } from "../training/training_graph.ts";
import type { TrainingSettings } from "../training/training_graph.ts";
import { normalizationTable } from "../vision/preprocess.ts";
import { recordingParameters } from "./_recording_parameters.ts";
import { metadataOf, modelFor, preprocessingOf } from "./vision.ts";
import type { CompiledVision } from "./vision.ts";

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

/** What a step was like. */
export interface QuantizedStep {
  /** Steps so far, this one among them. */
  readonly step: number;
  /** The loss of the logits before the update. */
  readonly loss: number;
  /** The learning rate. */
  readonly rate: number;
}

/** Before the names of inputs of the backward program: values of a site, and of a parameter's codes. */
const SITE = "site.", CODES = "codes.";
/** What softmax gives: 16 bits of a fraction. */
const SHARE = 2 ** -15;

/**
 * Trains a DeiT or ViT of timm's plain kind (a class token, LayerNorm, GELU).
 *
 * Observers are I-ViT's, moving averages of what each site sees (momentum 0.95), and keep watching; scales, roundings
 * and clamps are constants to differentiation. The gradients of softmax, GELU and LayerNorm are those of the exact
 * functions at the values of the codes. Biases of LayerNorms have none, as with the authors (Li and Gu, 2023).
 *
 * @example
 * ```ts ignore
 * import { QuantizedTrainer } from "@fewbit/fewbit/train";
 *
 * // A checkpoint of timm: config.json, and its tensors by name.
 * using trainer = await QuantizedTrainer.load({ config, weights }, { batch: 32, rate: 2e-5 });
 * for (const { images, labels } of batches) console.log(await trainer.step(images, labels));
 * const { program } = trainer.compile();
 * ```
 */
export class QuantizedTrainer implements Disposable {
  readonly #folder: CheckpointFolder;
  readonly #instance: SyncInstance;
  readonly #settings: QuantizedTrainingSettings;
  /** Extents of the parameters as the checkpoint has them. */
  readonly #shapes: ReadonlyMap<string, readonly number[]>;
  readonly #observers: Map<string, Observer> = new Map();
  readonly #magnitudes: Map<string, number> = new Map();
  #steps = 0;

  private constructor(
    folder: CheckpointFolder,
    instance: SyncInstance,
    settings: QuantizedTrainingSettings,
    shapes: ReadonlyMap<string, readonly number[]>,
  ) {
    this.#folder = folder;
    this.#instance = instance;
    this.#settings = settings;
    this.#shapes = shapes;
  }

  /**
   * Begins with the float weights of a checkpoint.
   *
   * @throws {FewbitError} `unsupported` for another network than a plain ViT; `invalid_argument` for settings out of
   * range; `not_found` or `shape_mismatch` for weights that do not fit.
   */
  static async load(
    folder: CheckpointFolder,
    settings: QuantizedTrainingSettings,
  ): Promise<QuantizedTrainer> {
    const { graph, loss, shapes } = backwardGraph(folder, settings);
    const { decay = 0, batch: _, forward: __, ...rest } = settings;
    const trained = trainingGraph(graph, {
      ...rest,
      loss,
      trainable: (name) => !/norm\d?\.bias$/.test(name),
      decay: (_, shape) => shape.length > 1 ? decay : 0,
    });
    const program = await encodeProgram(compile(trained, { training: true }));
    const instance = await loadWasm(program, { build: trainBuild() });
    return new QuantizedTrainer(folder, instance, settings, shapes);
  }

  /** Steps so far. */
  get steps(): number {
    return this.#steps;
  }

  /**
   * Learns from a batch.
   *
   * @param images Normalised pictures `[batch, channels, height, width]`.
   * @param labels Their classes.
   */
  async step(images: Float32Array, labels: Int32Array): Promise<QuantizedStep> {
    const inputs: Record<string, Inputs[string]> = { labels };
    if (this.#settings.forward === "float") {
      inputs.image = channelsLastPictures(images, this.#image());
    } else {
      const { network, scales, taps, logits, values } = await this.#forward(images, true);
      for (const [name, data] of values) inputs[`${CODES}${name}`] = data;
      for (const [name, tensor] of taps) {
        if (name === "qact_input") continue;
        inputs[`${SITE}${name}`] = realsOf(tensor, name, network, scales);
      }
      inputs[`${SITE}logits`] = logits;
      const image = realsOf(taps.get("qact_input")!, "qact_input", network, scales);
      inputs.image = channelsLastPictures(image, this.#image());
    }
    const known = Object.fromEntries(
      Object.entries(inputs).filter(([name]) => this.#reads(name)),
    );
    const { loss, rate } = await this.#instance.run(known, { entry: "train_step" });
    const step = ++this.#steps;
    return { step, loss: loss.data[0] as number, rate: rate.data[0] as number };
  }

  /** Codes of all sites by the scales that training has found. Nothing changes. */
  async codes(images: Float32Array): Promise<ForwardCodes> {
    const { taps, logits } = await this.#forward(images, false);
    return { taps, logits };
  }

  /** The float weights under the names of the checkpoint; those that nothing reads backward are its own. */
  weights(): Map<string, Tensor> {
    const held = new Set(this.#instance.program.tensors.map(({ name }) => name));
    return new Map([...this.#shapes].map(([name, shape]) => {
      if (!held.has(name)) return [name, this.#folder.weights.get(name)!];
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
    const { config } = this.#folder;
    const preprocessing = preprocessingOf(this.#folder);
    const network = quantizeIVit(modelFor({ config, weights: this.weights() }, preprocessing), {
      ...INTEGERS,
      parameters: quantizeParameters(),
      pixelTable: normalizationTable(preprocessing),
    });
    const scales = this.#scales();
    const metadata = metadataOf(config, preprocessing, {
      nonlinear: "shift",
      bits: "w8a8",
      observer: "minmax",
    });
    return { program: compile(network.graph, { scales, metadata }), network, scales };
  }

  /** Gives the memory back. */
  [Symbol.dispose](): void {
    this.#instance[Symbol.dispose]();
  }

  #scalesFound: ReadonlyMap<string, number> = new Map();

  #scales(): ReadonlyMap<string, number> {
    if (this.#scalesFound.size > 0) return this.#scalesFound;
    throw new FewbitError("invalid_argument", "No scale is known before the first step");
  }

  #image(): readonly number[] {
    return preprocessingOf(this.#folder).inputSize;
  }

  #reads(name: string): boolean {
    return this.#instance.program.tensors.some((tensor) =>
      tensor.region === "input" && tensor.name === name
    );
  }

  /** Runs the integer network; observers take up what they see where it is a step. */
  async #forward(images: Float32Array, watches: boolean) {
    if (!watches) this.#scales();
    const { config } = this.#folder;
    const preprocessing = preprocessingOf(this.#folder);
    const { parameters, values } = recordingParameters(quantizeParameters());
    const network = quantizeIVit(modelFor({ config, weights: this.weights() }, preprocessing), {
      ...INTEGERS,
      parameters,
    });
    const batch = images.length / preprocessing.inputSize.reduce((a, b) => a * b);
    const taps = new Map<string, Tensor>();
    let logits = new Float32Array();
    const run = { inputs: { image: images }, symbols: { batch }, samples: batch };
    const scales = await calibrateRuns(network, [run], {
      entry: NORMALIZED,
      symbols: { max_batch: batch },
      load: (program, symbols) => load(program, { symbols }),
      observer: (name) => this.#observer(name, watches),
      onTap: (name, codes) => void taps.set(name, codes),
      onOutputs: (outputs) => logits = outputs.logits.data as Float32Array<ArrayBuffer>,
    });
    if (watches) this.#scalesFound = scales;
    return { network, scales, taps, logits, values: values() };
  }

  /** The observer of a site; one that does not watch says what was seen last. */
  #observer(name: string, watches: boolean): Observer {
    if (!watches) return { observe: () => this.#magnitudes.get(name)! };
    const own = this.#observers.get(name) ?? createObserver("minmax");
    this.#observers.set(name, own);
    return {
      observe: (values, channels) => {
        const magnitude = own.observe(values, channels);
        this.#magnitudes.set(name, magnitude);
        return magnitude;
      },
    };
  }
}

/** The paper's arithmetic. */
const INTEGERS = { nonlinear: "shift", weightBits: 8 } as const;

/** The float network with inputs for what codes stand for. */
function backwardGraph(
  { config, weights }: CheckpointFolder,
  { batch, forward = "shift" }: QuantizedTrainingSettings,
) {
  const sizes = visionConfig(config);
  if (!("pooling" in sizes) || sizes.pooling !== "token" || sizes.preNorm || sizes.layerScale) {
    throw new FewbitError("unsupported", "Cannot train for integers: the network is no plain ViT");
  }
  const { imageSize: [height, width], channels, classes, patchSize, depth, heads } = sizes;
  const graph = new Graph();
  const shapes = new Map<string, readonly number[]>();
  const isFloat = forward === "float";
  const standIn = (x: Value, name: string): Value =>
    isFloat ? x : graph.apply(straightThrough, { value: graph.input(name, "f32", x.shape), x });
  const layers = new TrainedLayers(
    graph,
    ({ name, shape }) => {
      const tensor = weights.get(name);
      const count = shape.reduce((a, b) => a * b, 1);
      if (!(tensor?.data instanceof Float32Array) || tensor.data.length !== count) {
        throw new FewbitError(
          "shape_mismatch",
          `Cannot train: the checkpoint has no float32 ${name} of [${shape}]`,
        );
      }
      shapes.set(name, tensor.shape);
      return tensor.data;
    },
    undefined,
    (parameter) =>
      /(proj|qkv|fc\d|head)\.(weight|bias)$/.test(parameter.name)
        ? standIn(parameter, `${CODES}${parameter.name}`)
        : parameter,
  );
  const image = graph.input("image", "f32", [batch, height, width, channels]);
  const labels = graph.input("labels", "i32", [batch], {
    check: "below",
    limit: classes ?? 2 ** 20,
  });
  const logits = tinyVit(layers, image, {
    classes: classes ?? weights.get("head.weight")!.shape[0],
    patch: patchSize,
    channels: sizes.width,
    heads,
    depth,
    stand: (x, site) => standIn(x, `${SITE}${site}`),
  });
  return { graph, loss: crossEntropy(new NodeBuilder(graph), logits, labels), shapes };
}

/** What codes stand for: a scale for all of a site, or the fractions that softmax gives. */
function realsOf(
  { data }: Tensor,
  name: string,
  { sites }: IntegerNetwork,
  scales: ReadonlyMap<string, number>,
): Float32Array {
  const isSite = sites.some(({ site }) => site.name === name);
  const scale = isSite ? scales.get(name)! : SHARE;
  const reals = Float32Array.from(data as Int16Array);
  for (let i = 0; i < reals.length; i++) reals[i] *= scale;
  return reals;
}

/** `[B, C, H, W]` to `[B, H, W, C]`. */
function channelsLastPictures(
  images: Float32Array,
  [channels, height, width]: readonly number[],
): Float32Array {
  const plane = height * width, size = channels * plane;
  if (channels === 1) return images;
  return Float32Array.from(images, (_, i) => {
    const [picture, place, c] = [
      Math.floor(i / size),
      Math.floor(i % size / channels),
      i % channels,
    ];
    return images[picture * size + c * plane + place];
  });
}
