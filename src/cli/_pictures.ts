/** Pictures and labels to learn from. */
import { FewbitError } from "../errors.ts";
import { named } from "../files/named.ts";
import { readIdx } from "../formats/idx.ts";
import { readBytes } from "../checkpoints/sources.ts";
import { MOST_CLASSES } from "../training/picture_facts.ts";
import { arrayData } from "../training/training_data.ts";
import type { TrainingData } from "../training/training_data.ts";
import { normalizationTable } from "../vision/preprocess.ts";
import type { Preprocessing } from "../vision/preprocess.ts";
import { openLabels } from "./_images.ts";

/** Pictures of one size with a label each. */
export interface LabelledPictures {
  readonly count: number;
  /** Rows, columns and channels. */
  readonly picture: readonly [number, number, number];
  readonly pixels: Uint8Array;
  readonly labels: Int32Array;
}

/** Reads IDX files, pictures `[n, height, width]` or `[n, height, width, channels]`, and a label for each. */
export async function readPictures(
  images: string,
  labelFile: string,
  limit = Infinity,
): Promise<LabelledPictures> {
  const { dtype, shape, data } = await named(
    images,
    async () => await readIdx(await readBytes(images)),
  );
  if (dtype !== "u8" || shape.length < 3 || shape.length > 4 || ![1, 3].includes(shape[3] ?? 1)) {
    throw new FewbitError(
      "shape_mismatch",
      `Cannot use ${images}: ${dtype} [${shape}] are no images`,
    );
  }
  const [n, height, width, channels = 1] = shape;
  const labels = await openLabels(labelFile);
  if (labels.length !== n) {
    throw new FewbitError(
      "shape_mismatch",
      `Cannot use ${labelFile}: ${labels.length} labels for ${n} pictures`,
    );
  }
  const odd = labels.find((label) => label < 0 || label >= MOST_CLASSES);
  if (odd !== undefined) {
    throw new FewbitError(
      "invalid_argument",
      `Cannot use ${labelFile}: a label is ${odd}, expected 0 to ${MOST_CLASSES - 1}`,
    );
  }
  const count = Math.min(n, limit);
  if (count === 0) {
    throw new FewbitError("invalid_argument", `Cannot use ${images}: there are no pictures in it`);
  }
  return {
    count,
    picture: [height, width, channels],
    pixels: (data as Uint8Array).subarray(0, count * height * width * channels),
    labels: Int32Array.from(labels.subarray(0, count)),
  };
}

/** The first pictures, and the others. */
export function split(all: LabelledPictures, first: number): [LabelledPictures, LabelledPictures] {
  const size = all.pixels.length / all.count;
  const part = (from: number, to: number): LabelledPictures => ({
    count: to - from,
    picture: all.picture,
    pixels: all.pixels.subarray(from * size, to * size),
    labels: all.labels.subarray(from, to),
  });
  return [part(0, first), part(first, all.count)];
}

/** The pictures of these numbers. */
export function chosen(all: LabelledPictures, numbers: Int32Array): LabelledPictures {
  const size = all.pixels.length / all.count;
  const pixels = new Uint8Array(numbers.length * size);
  numbers.forEach((number, i) =>
    pixels.set(all.pixels.subarray(number * size, (number + 1) * size), i * size)
  );
  const labels = numbers.map((number) => all.labels[number]);
  return { count: numbers.length, picture: all.picture, pixels, labels };
}

/** Mean and standard deviation of the pixels of each channel as parts of 255. */
export function pixelStatistics(
  { pixels, picture: [, , channels] }: LabelledPictures,
): { readonly mean: number[]; readonly std: number[] } {
  const [sums, squares] = [new Float64Array(channels), new Float64Array(channels)];
  pixels.forEach((pixel, i) => {
    sums[i % channels] += pixel;
    squares[i % channels] += pixel * pixel;
  });
  const places = pixels.length / channels;
  const mean = Array.from(sums, (sum) => sum / places);
  const deviation = (i: number): number => Math.sqrt(squares[i] / places - mean[i] * mean[i]);
  return {
    mean: mean.map((value) => value / 255),
    // Pictures that are all alike have none.
    std: mean.map((_, i) => deviation(i) / 255 || 1),
  };
}

/** Pictures as inputs: pixels around 0, with a deviation of 1; the last axis is the channel. */
export function examplesOf(
  { pixels, labels, count, picture: [, , channels] }: LabelledPictures,
  preprocessing: Preprocessing,
): TrainingData {
  const table = normalizationTable(preprocessing);
  const x = Float32Array.from(pixels, (pixel, i) => table[i % channels * 256 + pixel]);
  return arrayData({ x, labels }, count);
}
