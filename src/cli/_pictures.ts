/** Pictures and labels to learn from. */
import { FewbitError } from "../errors.ts";
import { named } from "../pipelines/image/image_file.ts";
import { readIdx } from "../formats/idx.ts";
import { readBytes } from "../checkpoints/sources.ts";
import { arrayData } from "../training/training_data.ts";
import type { TrainingData } from "../training/training_data.ts";
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
  if (dtype !== "u8" || shape.length < 3 || shape.length > 4) {
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
  const count = Math.min(n, limit);
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

/** Mean and standard deviation of pixels as parts of 255. */
export function pixelStatistics({ pixels }: LabelledPictures): [mean: number, deviation: number] {
  let [sum, squares] = [0, 0];
  for (const pixel of pixels) {
    sum += pixel;
    squares += pixel * pixel;
  }
  const mean = sum / pixels.length;
  const variance = squares / pixels.length - mean * mean;
  return [mean / 255, Math.sqrt(variance) / 255 || 1];
}

/** Pictures as inputs: pixels around 0, with a deviation of 1. */
export function examplesOf(
  { pixels, labels, count }: LabelledPictures,
  [mean, deviation]: readonly [number, number],
): TrainingData {
  const table = Float32Array.from({ length: 256 }, (_, p) => (p / 255 - mean) / deviation);
  return arrayData({ x: Float32Array.from(pixels, (pixel) => table[pixel]), labels }, count);
}
