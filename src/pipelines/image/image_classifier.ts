/** Image classification with a compiled model. */
import type { Instance, LoadOptions } from "../../engines/engine.ts";
import { expectTensor } from "../../engines/expect_tensor.ts";
import { load } from "../../engines/load.ts";
import type { EngineName } from "../../engines/load.ts";
import { FewbitError } from "../../errors.ts";
import { pauseIfDue, workBegins } from "../../event_loop.ts";
import type { Program } from "../../program/program.ts";
import { checkPreprocessing, normalizePixels, preparePixels } from "../../vision/preprocess.ts";
import type { Preprocessing } from "../../vision/preprocess.ts";
import { toImage } from "./image_input.ts";
import type { CanvasSource, ImageInput, PixelSource } from "./image_input.ts";
import { expectInstance } from "../expect_instance.ts";
import { expectTask, programKind } from "../program_kind.ts";
import { shippedFile } from "../../checkpoints/shipped_files.ts";
import { openModel } from "../../checkpoints/sources.ts";
import type { ModelSource } from "../../checkpoints/sources.ts";

export type { CanvasSource, ImageInput, ModelSource, PixelSource };

/** A label with its probability. */
export interface LabelScore {
  /** The label, or the index where the model has no labels. */
  readonly label: string;
  /** Index of the class. */
  readonly index: number;
  /** Probability, from 0 to 1. */
  readonly score: number;
}

/** What a classifier says of an image. */
export interface Classification extends LabelScore {
  /** The best labels, best first. */
  readonly top: readonly LabelScore[];
  /** Logits of all classes; equal bits on every engine for a model of integers. */
  readonly logits: Float32Array;
}

/** Options of {@linkcode ImageClassifier.fromPretrained}. */
export interface ClassifierOptions extends LoadOptions {
  /** Default `auto`: the fastest that this host has. */
  readonly engine?: EngineName;
  /** Images computed at once, at most. Default 1; more takes more memory. */
  readonly batchSize?: number;
}

/**
 * Classifies images with a compiled model.
 *
 * @example
 * ```ts
 * import { ImageClassifier } from "@fewbit/fewbit";
 *
 * using model = await ImageClassifier.fromPretrained();
 * const { label, score } = await model.classify("examples/fashion/000-ankle-boot.png");
 * console.log(label, score);
 * ```
 */
export class ImageClassifier implements Disposable {
  /** Names of the classes. */
  readonly labels: readonly string[];
  /** How an image becomes pixels of the model. */
  readonly preprocessing: Preprocessing;
  readonly #instance: Instance;
  readonly #batchSize: number;
  readonly #pixels: boolean;
  readonly #hasBatch: boolean;

  /**
   * Takes a loaded model.
   *
   * @param instance The model, which is disposed of with this object.
   * @throws {FewbitError} `unsupported` or `invalid_file` where the program is no image classifier; then
   * the instance is left to the caller.
   */
  constructor(instance: Instance) {
    expectInstance(instance, "Cannot classify");
    const { labels, preprocessing } = instance.program.metadata;
    const inputs = instance.program.tensors.filter((tensor) => tensor.region === "input");
    const outputs = instance.program.tensors.filter((tensor) => tensor.region === "output");
    this.#pixels = inputs.some((tensor) => tensor.name === "pixels");
    const fits = (this.#pixels || inputs.some((tensor) => tensor.name === "image")) &&
      outputs.some((tensor) => tensor.name === "logits" && tensor.dtype === "f32");
    if (!fits || preprocessing === undefined) {
      throw new FewbitError(
        "unsupported",
        `Cannot classify: the program is not an image classifier; ${
          programKind(instance.program.metadata)
        }`,
      );
    }
    this.preprocessing = checkedPreprocessing(preprocessing as Preprocessing, instance.program);
    this.labels = Array.isArray(labels)
      ? labels.map((label, i) => typeof label === "string" ? label : String(i))
      : [];
    this.#instance = instance;
    this.#hasBatch = instance.program.symbols.some(({ name }) => name === "batch");
    this.#batchSize = Math.max(1, instance.symbols.max_batch ?? 1);
  }

  /**
   * Loads a model.
   *
   * @param source A `model.fewbit`: path, URL, bytes, stream, or a folder that holds one. Default:
   * the small model that ships, of Fashion-MNIST.
   * @throws {FewbitError} `not_found`, `invalid_file`, `unsupported` or `limit_exceeded`.
   */
  static async fromPretrained(
    source: ModelSource = shippedFile("vit-fashion-mnist.fewbit"),
    options: ClassifierOptions = {},
  ): Promise<ImageClassifier> {
    const { batchSize = 1, symbols, ...rest } = options;
    options.signal?.throwIfAborted();
    const opened = await openModel(source, options.signal);
    const instance = await load(opened, {
      onProgram: expectTask("image-classification", "Cannot classify"),
      ...rest,
      symbols: { max_batch: batchSize, ...symbols },
    });
    try {
      return new ImageClassifier(instance);
    } catch (error) {
      instance[Symbol.dispose]();
      throw error;
    }
  }

  /** Name of the engine that runs the model. */
  get engine(): string {
    return this.#instance.engine;
  }

  /** Bytes that the model occupies. */
  get memoryBytes(): number {
    return this.#instance.memoryBytes;
  }

  /**
   * Classifies an image.
   *
   * @throws {FewbitError} `invalid_file` for a damaged image, `unsupported` for another format.
   */
  async classify(
    image: ImageInput,
    options: { readonly topK?: number; readonly signal?: AbortSignal } = {},
  ): Promise<Classification> {
    const [result] = await this.classifyAll([image], options);
    return result;
  }

  /**
   * Classifies several images, as many at once as `batchSize` says; the results are the same.
   *
   * Other work of the host goes on about every 8 milliseconds: between two images that are decoded, and
   * within a run of the network. An abort is noticed there.
   */
  async classifyAll(
    images: readonly ImageInput[],
    options: { readonly topK?: number; readonly signal?: AbortSignal } = {},
  ): Promise<Classification[]> {
    const { topK = 5, signal } = options;
    if (!Number.isSafeInteger(topK) || topK < 1) {
      throw new FewbitError(
        "invalid_argument",
        `Cannot classify: topK is ${topK}, expected an integer of at least 1`,
      );
    }
    await workBegins(signal);
    const pixels = await each(images, (image) => this.prepare(image, signal), signal);
    const logits = await this.logits(pixels, options);
    return await each(logits, (row) => this.#classification(row, topK), signal);
  }

  /** Decodes an image and brings it to the pixels that the model takes: height × width × channels. */
  async prepare(image: ImageInput, signal?: AbortSignal): Promise<Uint8Array> {
    return preparePixels(await toImage(image, signal), this.preprocessing);
  }

  /**
   * Logits of prepared pixels.
   *
   * @param pixels One `Uint8Array` of height × width × channels for each image.
   * @throws {FewbitError} `shape_mismatch` for one of another size.
   */
  async logits(
    pixels: readonly Uint8Array[],
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<Float32Array[]> {
    const size = this.preprocessing.inputSize.reduce((a, b) => a * b);
    const wrong = pixels.findIndex(({ length }) => length !== size);
    if (wrong >= 0) {
      throw new FewbitError(
        "shape_mismatch",
        `Cannot classify: pixels of image ${wrong}: ${
          pixels[wrong].length
        } bytes, ${size} expected`,
      );
    }
    const rows: Float32Array[] = [];
    for (let first = 0; first < pixels.length; first += this.#batchSize) {
      const batch = pixels.slice(first, first + this.#batchSize);
      const input: Record<string, Uint8Array | Float32Array> = this.#pixels
        ? { pixels: join(batch) }
        : { image: join(batch.map((image) => normalizePixels(image, this.preprocessing))) };
      const outputs = await this.#instance.run(input, {
        entry: this.#pixels ? "main" : "normalized",
        // A network for one picture at a time has no such symbol.
        symbols: this.#hasBatch ? { batch: batch.length } : {},
        ...(options.signal && { signal: options.signal }),
      });
      const { data } = expectTensor(outputs, "logits", "f32");
      const classes = data.length / batch.length;
      batch.forEach((_, i) => rows.push(data.slice(i * classes, (i + 1) * classes)));
    }
    return rows;
  }

  /** Frees the model's memory. */
  [Symbol.dispose](): void {
    this.#instance[Symbol.dispose]();
  }

  #classification(logits: Float32Array, topK: number): Classification {
    const top = probabilities(logits)
      .map((score, index) => ({ label: this.labels[index] ?? String(index), index, score }))
      .sort((a, b) => b.score - a.score || a.index - b.index)
      .slice(0, topK);
    return { ...top[0], top, logits };
  }
}

/** Does something with each, and lets others work in between. */
async function each<T, R>(
  items: readonly T[],
  work: (item: T) => R | Promise<R>,
  signal: AbortSignal | undefined,
): Promise<R[]> {
  const results: R[] = [];
  for (const item of items) {
    results.push(await work(item));
    await pauseIfDue(signal);
  }
  return results;
}

/** Softmax; of a single class its logistic, as the pipelines of transformers have it. */
function probabilities(logits: Float32Array): number[] {
  if (logits.length === 1) return [1 / (1 + Math.exp(-logits[0]))];
  const largest = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const weights = Array.from(logits, (logit) => Math.exp(logit - largest));
  const total = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / total);
}

/** The metadata of a file, which may be hostile, where it suits the program. */
function checkedPreprocessing(preprocessing: Preprocessing, program: Program): Preprocessing {
  const fail = (why: string, cause?: unknown): never => {
    throw new FewbitError("invalid_file", `Cannot classify: ${why}`, { cause });
  };
  try {
    checkPreprocessing(preprocessing);
  } catch (cause) {
    if (cause instanceof FewbitError) fail(`the model's metadata: ${cause.message}`, cause);
    throw cause;
  }
  const { inputSize: [channels, height, width], resize } = preprocessing;
  for (const { name, region, extents } of program.tensors) {
    if (region !== "input" || (name !== "pixels" && name !== "image")) continue;
    const shape = name === "pixels" ? [height, width, channels] : [channels, height, width];
    const constant = (i: number): number =>
      program.expressions[i].terms.length === 0 ? program.expressions[i].constant : -1;
    if (extents.length !== 4 || shape.some((extent, i) => constant(extents[i + 1]) !== extent)) {
      fail(`its metadata is for images of ${shape.join(" × ")}, which input ${name} is not`);
    }
  }
  const sides = resize.mode === "stretch"
    ? [resize.width, resize.height]
    : resize.mode === "shorter_side"
    ? [resize.size]
    : [];
  const most = Math.max(1024, 4 * Math.max(height, width));
  if (sides.some((side) => side > most)) {
    fail(`its metadata resizes to ${sides.join(" × ")} pixels`);
  }
  return preprocessing;
}

/** Arrays one after the other. */
function join<T extends Uint8Array | Float32Array>(parts: readonly T[]): T {
  if (parts.length === 1) return parts[0];
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const all =
    (parts[0] instanceof Uint8Array ? new Uint8Array(length) : new Float32Array(length)) as T;
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
