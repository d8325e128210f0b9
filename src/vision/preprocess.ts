import { FewbitError } from "../errors.ts";
import { centerCrop, resizeShorterSide } from "./crop.ts";
import { checkImageSize, type Image, toChannels } from "./image.ts";
import { type Interpolation, INTERPOLATIONS, resize } from "./resize.ts";

/** How an image is resized before its center is cut out. */
export type ResizeMode =
  /** It is not. */
  | { readonly mode: "none" }
  /** To this size, whatever its aspect ratio. */
  | { readonly mode: "stretch"; readonly height: number; readonly width: number }
  /** So that its shorter side has this many pixels, keeping the aspect ratio. */
  | { readonly mode: "shorter_side"; readonly size: number };

/** How an image becomes the input of a model. Plain data: goes through JSON unchanged. */
export interface Preprocessing {
  /** Channels (1 or 3), height and width that the model takes. */
  readonly inputSize: readonly [channels: number, height: number, width: number];
  /** Per channel, subtracted from pixels that go from 0 to 1. */
  readonly mean: readonly number[];
  /** Per channel, divides the difference. */
  readonly std: readonly number[];
  /** Filter of the resize. */
  readonly interpolation: Interpolation;
  /** What comes first. */
  readonly resize: ResizeMode;
  /** Whether the center of `inputSize` is then cut out (zeros surround a smaller image). */
  readonly centerCrop: boolean;
}

/**
 * Throws `invalid_argument` unless every field is there and in its range: sizes as in `checkImageSize`, one finite mean
 * and one positive finite std a channel. Meant also for values that come from a file.
 */
export function checkPreprocessing(preprocessing: Preprocessing): void {
  const { inputSize, mean, std, interpolation, centerCrop } = asObject(preprocessing, "an object");
  if (
    !Array.isArray(inputSize) || inputSize.length !== 3 || !inputSize.every(Number.isFinite) ||
    inputSize[0] !== 1 && inputSize[0] !== 3
  ) {
    throw invalid("inputSize to be [1 or 3, height, width]", inputSize);
  }
  checkImageSize(inputSize[2], inputSize[1]);
  for (const [name, values] of Object.entries({ mean, std })) {
    if (
      !Array.isArray(values) || values.length !== inputSize[0] || !values.every(Number.isFinite) ||
      name === "std" && !values.every((value) => Math.fround(value) > 0)
    ) {
      throw invalid(
        `${name} to be ${inputSize[0]} ${name === "std" ? "positive" : "finite"} numbers`,
        values,
      );
    }
  }
  if (!INTERPOLATIONS.includes(interpolation)) {
    throw invalid(`interpolation to be one of ${INTERPOLATIONS.join(", ")}`, interpolation);
  }
  if (typeof centerCrop !== "boolean") throw invalid("centerCrop to be true or false", centerCrop);
  checkResizeMode(preprocessing.resize);
}

function checkResizeMode(mode: ResizeMode): void {
  asObject(mode, "resize to be an object");
  const { width, height, size } = mode as unknown as Record<string, number>;
  const [x, y] = mode.mode === "stretch" ? [width, height] : [size, size];
  if (mode.mode === "stretch" || mode.mode === "shorter_side") {
    if (!Number.isFinite(x) || !Number.isFinite(y)) throw invalid("resize to be numbers", mode);
    checkImageSize(x, y);
  } else if (mode.mode !== "none") {
    throw invalid("resize.mode to be none, stretch or shorter_side", mode);
  }
}

function asObject<T>(value: T, expected: string): T {
  if (typeof value !== "object" || value === null) throw invalid(expected, value);
  return value;
}

function invalid(expected: string, got: unknown): FewbitError {
  return new FewbitError(
    "invalid_argument",
    `Invalid preprocessing: expected ${expected}, got ${JSON.stringify(got)}`,
  );
}

/**
 * Brings an image to the pixels that a compiled model takes: to its channels, resized, cut; height × width × channels
 * bytes, equal to Pillow and torchvision.
 *
 * Throws `invalid_argument` for an invalid image or preprocessing, `shape_mismatch` if neither resize nor crop brings
 * the image to the size of the input.
 *
 * @example
 * ```ts
 * import { preparePixels, preprocessingFromConfig } from "@fewbit/fewbit";
 *
 * const preprocessing = preprocessingFromConfig({ input_size: [3, 224, 224], crop_pct: 0.9 });
 * const image = { width: 320, height: 240, channels: 1, data: new Uint8Array(320 * 240) } as const;
 * console.log(preparePixels(image, preprocessing).length); // 150528
 * ```
 */
export function preparePixels(image: Image, preprocessing: Preprocessing): Uint8Array {
  checkPreprocessing(preprocessing);
  const [channels, height, width] = preprocessing.inputSize;
  let result = applyResize(toChannels(image, channels === 1 ? 1 : 3), preprocessing);
  if (preprocessing.centerCrop) result = centerCrop(result, width, height);
  if (result.width !== width || result.height !== height) {
    throw new FewbitError(
      "shape_mismatch",
      `Cannot prepare pixels: the image has ${result.width} x ${result.height} pixels, expected ${width} x ${height}`,
    );
  }
  return result.data === image.data ? result.data.slice() : result.data;
}

function applyResize(image: Image, { resize: mode, interpolation }: Preprocessing): Image {
  switch (mode.mode) {
    case "none":
      return image;
    case "stretch":
      return resize(image, mode.width, mode.height, interpolation);
    case "shorter_side":
      return resizeShorterSide(image, mode.size, interpolation);
  }
}

/**
 * Normalises prepared pixels (height × width × channels) to channels × height × width numbers: pixel / 255, minus mean,
 * divided by std, each step rounded to float32.
 *
 * Throws `invalid_argument` for an invalid preprocessing, `shape_mismatch` for a wrong number of pixels.
 */
export function normalizePixels(pixels: Uint8Array, preprocessing: Preprocessing): Float32Array {
  const table = normalizationTable(preprocessing);
  const [channels, height, width] = preprocessing.inputSize;
  const plane = height * width;
  if (pixels.length !== channels * plane) {
    throw new FewbitError(
      "shape_mismatch",
      `Cannot normalise pixels: expected ${height} x ${width} x ${channels} = ${
        channels * plane
      }, got ${pixels.length}`,
    );
  }
  const out = new Float32Array(pixels.length);
  for (let c = 0; c < channels; c++) {
    for (let i = 0; i < plane; i++) out[c * plane + i] = table[c * 256 + pixels[i * channels + c]];
  }
  return out;
}

/**
 * What each pixel becomes: entry `channel * 256 + pixel` is pixel / 255, minus mean, divided by std, each step rounded
 * to float32. Throws `invalid_argument` for an invalid preprocessing.
 */
export function normalizationTable(preprocessing: Preprocessing): Float32Array {
  checkPreprocessing(preprocessing);
  const { inputSize: [channels], mean, std } = preprocessing;
  const table = new Float32Array(channels * 256);
  for (let c = 0; c < channels; c++) {
    const mean32 = Math.fround(mean[c]), std32 = Math.fround(std[c]);
    for (let pixel = 0; pixel < 256; pixel++) {
      table[c * 256 + pixel] = Math.fround(Math.fround(Math.fround(pixel / 255) - mean32) / std32);
    }
  }
  return table;
}
