/** From checkpoints to compiled image classifiers. */
import type { Graph } from "../graph/graph.ts";
import type { SyncInstance } from "../engines/engine.ts";
import { load } from "../engines/load.ts";
import { FewbitError } from "../errors.ts";
import { inTurns } from "../event_loop.ts";
import { NORMALIZED } from "../models/deit.ts";
import { inferVisionConfig } from "../models/infer_config.ts";
import { buildVisionModel } from "../models/vision_model.ts";
import { compile, compileSteps } from "../lower/compile.ts";
import type { CompiledProgram, Metadata } from "../program/program.ts";
import { calibrate } from "../quantize/calibrate.ts";
import { iVitSteps, quantizeIVit } from "../quantize/i_vit.ts";
import type { IntegerNetwork } from "../quantize/integer_network.ts";
import {
  checkpointParameters,
  checkpointScales,
  I_VIT_BUFFERS,
  isIVitCheckpoint,
} from "../quantize/i_vit_checkpoint.ts";
import { quantizeParameters } from "../quantize/integer_parameters.ts";
import type { ObserverKind } from "../quantize/observer.ts";
import { normalizationTable, normalizePixels } from "../vision/preprocess.ts";
import type { Preprocessing } from "../vision/preprocess.ts";
import { preprocessingFromConfig } from "../vision/preprocess_config.ts";
import type { CheckpointFolder } from "../checkpoints/checkpoint_folder.ts";

/** Options of {@linkcode quantizeVision}. */
export interface QuantizeVisionOptions {
  /** `table` (default): exact softmax and GELU, tabulated. `shift`: the paper's approximations. */
  readonly nonlinear?: "table" | "shift";
  /** `w8a8` (default), or `w7a8`: 7-bit weights, faster where the dot product is `seven`. */
  readonly bits?: "w8a8" | "w7a8";
  /** `minmax` (default): I-ViT's moving average. `percentile`: 99.99 % of the values. */
  readonly observer?: ObserverKind;
  /** Images in a calibration batch. Default 32. */
  readonly batchSize?: number;
  /** Stops calibration. */
  readonly signal?: AbortSignal;
  /** Called after each batch with the images seen. */
  readonly onProgress?: (images: number) => void;
  /** Told what had to be changed to fit integers. */
  readonly onWarning?: (message: string) => void;
}

/** A compiled classifier with what it was made from. */
export interface CompiledVision {
  /** The program. */
  readonly program: CompiledProgram;
  /** For {@linkcode compileTaps}. */
  readonly network: IntegerNetwork;
  /** float32 scales of the activations. */
  readonly scales: ReadonlyMap<string, number>;
}

/** Preprocessing of a checkpoint. */
export function preprocessingOf(folder: CheckpointFolder): Preprocessing {
  return folder.preprocessing ?? preprocessingFromConfig(folder.config, folder.preprocessor);
}

/**
 * Quantises a float32 DeiT, ViT or Swin after training.
 *
 * @param folder The checkpoint.
 * @param images Prepared pixels (height × width × channels bytes each) to calibrate on, in order.
 * @throws {FewbitError} `invalid_argument` without images.
 */
export async function quantizeVision(
  folder: CheckpointFolder,
  images: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  options: QuantizeVisionOptions = {},
): Promise<CompiledVision> {
  const { nonlinear = "table", bits = "w8a8", observer = "minmax", batchSize = 32 } = options;
  const preprocessing = preprocessingOf(folder);
  const integers = iVitSteps(modelFor(folder, preprocessing), {
    nonlinear,
    weightBits: bits === "w7a8" ? 7 : 8,
    parameters: quantizeParameters(options.onWarning),
    pixelTable: normalizationTable(preprocessing),
  });
  const network = await inTurns(integers, options.signal);
  const scales = await calibrate(network, batchesOf(images, preprocessing, batchSize), {
    entry: NORMALIZED,
    observer,
    batchSize,
    load: (program, symbols): Promise<SyncInstance> =>
      load(program, { symbols, ...options.signal && { signal: options.signal } }),
    ...(options.signal && { signal: options.signal }),
    ...(options.onProgress && { onProgress: options.onProgress }),
  });
  const metadata = metadataOf(folder.config, preprocessing, { nonlinear, bits, observer });
  const program = await inTurns(compileSteps(network.graph, { scales, metadata }), options.signal);
  return { program, network, scales };
}

/**
 * Converts a checkpoint of I-ViT's own training, with the integers and scales that it holds.
 *
 * @param folder Its tensors; what the config leaves out is read off their shapes.
 */
export function convertVision(folder: CheckpointFolder): CompiledVision {
  const { weights } = folder;
  if (!isIVitCheckpoint(weights)) {
    throw new FewbitError(
      "unsupported",
      "Cannot convert: the checkpoint has no integers and scales of I-ViT; use quantize",
    );
  }
  const config = inferVisionConfig(weights, folder.config);
  const preprocessing = preprocessingFromConfig(config, folder.preprocessor);
  const network = quantizeIVit(modelFor({ config, weights }, preprocessing, I_VIT_BUFFERS), {
    nonlinear: "shift",
    weightBits: 8,
    parameters: checkpointParameters(weights),
    pixelTable: normalizationTable(preprocessing),
  });
  const scales = checkpointScales(weights);
  const missing = network.sites.find(({ site }) => !scales.has(site.name));
  if (missing !== undefined) {
    throw new FewbitError("invalid_file", `Cannot convert: "${missing.site.name}" has no scale`);
  }
  const metadata = metadataOf(config, preprocessing, { nonlinear: "shift", bits: "w8a8" });
  return { program: compile(network.graph, { scales, metadata }), network, scales };
}

/** The float32 network, for baselines: entry `normalized`. */
export function compileFloatVision(folder: CheckpointFolder, fast = false): CompiledProgram {
  const preprocessing = preprocessingOf(folder);
  const metadata = metadataOf(folder.config, preprocessing, { bits: "f32" });
  return compile(modelFor(folder, preprocessing), { fast, metadata });
}

/** The same integers, every node shown under I-ViT's name for it. */
export function compileTaps({ network, scales }: CompiledVision): CompiledProgram {
  return compile(network.graph, { scales, taps: { entry: NORMALIZED, values: network.taps } });
}

/** The float network, whose images have to be those that preprocessing makes. */
export function modelFor(
  { config, weights }: CheckpointFolder,
  { inputSize }: Preprocessing,
  unused?: readonly RegExp[],
): Graph {
  const graph = buildVisionModel(config, weights, unused);
  const image = graph.inputs[0].shape.slice(1);
  if (inputSize.every((extent, i) => extent === image[i])) return graph;
  throw new FewbitError(
    "unsupported",
    `Cannot compile: the model takes ${image.join(" × ")} pixels, its preprocessing makes ` +
      `${inputSize.join(" × ")}`,
  );
}

async function* batchesOf(
  images: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  preprocessing: Preprocessing,
  batchSize: number,
): AsyncGenerator<Float32Array> {
  const size = preprocessing.inputSize.reduce((a, b) => a * b);
  let batch = new Float32Array(batchSize * size);
  let filled = 0;
  for await (const pixels of images) {
    batch.set(normalizePixels(pixels, preprocessing), filled++ * size);
    if (filled < batchSize) continue;
    yield batch;
    batch = new Float32Array(batchSize * size);
    filled = 0;
  }
  if (filled > 0) yield batch.slice(0, filled * size);
}

/** What a compiled classifier says of itself. */
export function metadataOf(
  config: Readonly<Record<string, unknown>>,
  preprocessing: Preprocessing,
  quantization: Metadata,
): Metadata {
  const architecture = config.architecture ?? config.model_type;
  return {
    task: "image-classification",
    ...(architecture !== undefined && { architecture }),
    ...(labelsOf(config) && { labels: labelsOf(config) }),
    preprocessing,
    quantization,
  };
}

/** Names of the classes: Hugging Face's `id2label`, or timm's `label_names`. */
export function labelsOf(config: Readonly<Record<string, unknown>>): string[] | undefined {
  const names = config.label_names;
  if (Array.isArray(names)) return names.map((name, i) => typeof name === "string" ? name : `${i}`);
  const labels = config.id2label;
  if (typeof labels !== "object" || labels === null) return undefined;
  const entries = Object.entries(labels).map(([id, label]) =>
    [Number(id), typeof label === "string" ? label : id] as const
  );
  return entries.sort((a, b) => a[0] - b[0]).map(([, label]) => label);
}
