/** Pictures that are different in each epoch. */
import { FewbitError } from "../errors.ts";
import { randomWord } from "../numeric/random_word.ts";
import type { TensorData } from "../tensor.ts";
import type { TrainingData } from "./training_data.ts";

/** How pictures are changed; what is left out is not. */
export interface Augmentation {
  /** Rows and columns that a picture is moved by at most; what comes in is `fill`. */
  readonly crop?: number;
  /** Whether half of the pictures are mirrored, left to right. */
  readonly flip?: boolean;
  /** The share by which contrast and brightness differ at most: `x·(1 ± jitter) ± jitter`. */
  readonly jitter?: number;
  /** What lies around a picture. Default 0. */
  readonly fill?: number;
}

/** What pictures are, and by which seed they change. */
export interface AugmentationSettings extends Augmentation {
  /** Rows, columns and channels. */
  readonly picture: readonly [number, number, number];
  /** Name of the input. Default `x`. */
  readonly input?: string;
  /** Default 0. */
  readonly seed?: number;
}

/** `AUGM`: the stream of random numbers. */
const AUGMENT_STREAM = 0x4155474d;
/** Random words of a picture: row, column, mirror, contrast, brightness. */
const WORDS = 8;

/**
 * Examples whose pictures `[H, W, C]` are moved, mirrored and made lighter or darker, otherwise in each epoch. How follows
 * from the seed, the epoch and the number of the example, so that training that was stopped goes on to the same bits.
 * Where nothing is learned they stay as they are.
 *
 * @throws {FewbitError} `invalid_argument` for settings out of range.
 *
 * @example
 * ```ts
 * import { arrayData, augmented } from "@fewbit/fewbit/train";
 *
 * const data = arrayData({ x: new Float32Array(3 * 784), labels: Int32Array.of(7, 2, 1) }, 3);
 * const changing = augmented(data, { picture: [28, 28, 1], crop: 2, flip: true, jitter: 0.1 });
 * console.log(changing.count);
 * ```
 */
export function augmented(data: TrainingData, settings: AugmentationSettings): TrainingData {
  checkAugmentation(settings);
  const { picture, input = "x" } = settings;
  const size = picture.reduce((a, b) => a * b);
  return {
    count: data.count,
    batch: async (examples, place) => {
      const inputs = await data.batch(examples, place);
      if (place === undefined) return inputs;
      const pictures = inputs[input];
      if (!(pictures instanceof Float32Array) || pictures.length !== size * examples.length) {
        throw new FewbitError(
          "shape_mismatch",
          `Cannot augment ${input}: ${examples.length} pictures of ${
            picture.join("×")
          } in float32 expected`,
        );
      }
      const changed = new Float32Array(pictures.length);
      examples.forEach((example, i) => {
        const [from, to] = [i * size, (i + 1) * size];
        change(pictures.subarray(from, to), changed.subarray(from, to), {
          settings,
          unit: (word) =>
            (randomWord(settings.seed ?? 0, AUGMENT_STREAM, place.epoch, WORDS * example + word) >>>
              8) * 2 ** -24,
        });
      });
      return { ...inputs, [input]: changed as TensorData };
    },
  };
}

interface Change {
  readonly settings: AugmentationSettings;
  /** A random number from 0 to less than 1. */
  unit(word: number): number;
}

function change(from: Float32Array, to: Float32Array, { settings, unit }: Change): void {
  const { picture: [height, width, channels], crop = 0, flip = false, jitter = 0, fill = 0 } =
    settings;
  const move = (word: number): number => Math.floor(unit(word) * (2 * crop + 1)) - crop;
  const [down, right] = [move(0), move(1)];
  const isMirrored = flip && unit(2) < 0.5;
  const about = (word: number): number => jitter * (2 * unit(word) - 1);
  const [factor, plus] = [1 + about(3), about(4)];
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const y = row + down;
      const x = (isMirrored ? width - 1 - column : column) + right;
      const isInside = y >= 0 && y < height && x >= 0 && x < width;
      for (let c = 0; c < channels; c++) {
        const value = isInside ? from[(y * width + x) * channels + c] : fill;
        to[(row * width + column) * channels + c] = value * factor + plus;
      }
    }
  }
}

function checkAugmentation({ crop = 0, jitter = 0, fill = 0, picture }: AugmentationSettings) {
  const fail = (name: string, value: unknown, expected: string): never => {
    throw new FewbitError(
      "invalid_argument",
      `Cannot augment: ${name} is ${String(value)}, expected ${expected}`,
    );
  };
  const isExtent = (extent: number): boolean => Number.isSafeInteger(extent) && extent > 0;
  if (picture?.length !== 3 || !picture.every(isExtent)) {
    fail("picture", picture, "rows, columns and channels");
  }
  if (!Number.isSafeInteger(crop) || crop < 0) fail("crop", crop, "an integer of at least 0");
  if (!(jitter >= 0 && jitter < 1)) fail("jitter", jitter, "a number from 0 to less than 1");
  if (!Number.isFinite(fill)) fail("fill", fill, "a number");
}
