/** What `fewbit train` learns from. */
import { FewbitError } from "../errors.ts";
import { statOf } from "../files/read_file.ts";
import { shuffle } from "../numeric/shuffle.ts";
import { listImages } from "../vision/load_folder.ts";
import { preparePixels } from "../vision/preprocess.ts";
import type { Preprocessing } from "../vision/preprocess.ts";
import type { TrainingData } from "../training/training_data.ts";
import { openImages } from "./_images.ts";
import { chosen, examplesOf, pixelStatistics, readPictures, split } from "./_pictures.ts";
import type { LabelledPictures } from "./_pictures.ts";
import { count } from "./_run.ts";
import { SAMPLE_HELD_OUT, SAMPLE_LABELS, samplePath } from "./_sample.ts";

/** Options that name pictures. */
export interface PictureOptions {
  readonly data?: string;
  readonly images?: string;
  readonly labels?: string;
  readonly testImages?: string;
  readonly testLabels?: string;
  readonly side?: string;
  readonly limit?: string;
}

/** Pictures to learn from and others, and how they became inputs. */
export interface TrainingPictures {
  readonly learned: TrainingData;
  readonly heldOut: TrainingData;
  /** Rows, columns and channels. */
  readonly picture: readonly [number, number, number];
  /** Names of the classes. */
  readonly labels: readonly string[];
  readonly preprocessing: Preprocessing;
}

/** What a network takes of pictures. */
export interface TakenPictures {
  /** Of pictures in a folder. */
  readonly channels: 1 | 3;
  /** Pixels of their sides, where none are given. */
  readonly side: number;
  /** How pictures of any kind and size become inputs, where that is known. */
  readonly preparing?: Preprocessing | undefined;
  /** Whether mean and deviation are those of the pictures, whatever `preparing` says. */
  readonly hasStatistics?: boolean;
}

/** Pictures with the names of their classes. */
interface Classes {
  readonly pictures: LabelledPictures;
  readonly heldOut: LabelledPictures;
  readonly labels: readonly string[];
}

/** The share of the pictures that are held out where no others are given. */
const HELD_OUT = 0.1;
/** `HOLD`: the stream of random numbers of what is held out of a folder. */
const HOLD_STREAM = 0x484f4c44;

/** Reads pictures: a folder, IDX files, or the sample that ships. */
export async function trainingPictures(
  options: PictureOptions,
  taken: TakenPictures,
): Promise<TrainingPictures> {
  const most = options.limit === undefined ? Infinity : count("limit", options.limit);
  const side = options.side === undefined ? taken.side : count("side", options.side, 4096);
  const { labels, ...classes } = await read(options, most, { ...taken, side });
  const { preparing: given, hasStatistics = given === undefined } = taken;
  const [pictures, heldOut] = [classes.pictures, classes.heldOut]
    .map((pictures) => given === undefined ? pictures : prepared(pictures, given));
  const { picture } = pictures;
  if (heldOut.picture.join() !== picture.join()) {
    throw new FewbitError(
      "shape_mismatch",
      `Cannot evaluate: pictures are ${heldOut.picture.join("×")}, not ${picture.join("×")}`,
    );
  }
  const preprocessing = {
    ...given ?? preparing(picture, unnormalized(1)),
    ...hasStatistics && pixelStatistics(pictures),
  };
  return {
    learned: examplesOf(pictures, preprocessing),
    heldOut: examplesOf(heldOut, preprocessing),
    picture,
    labels,
    preprocessing,
  };
}

async function read(
  { data, images, labels, testImages, testLabels, side }: PictureOptions,
  most: number,
  size: TakenPictures,
): Promise<Classes> {
  const refuse = (why: string): never => {
    throw new FewbitError("invalid_argument", why);
  };
  if ((testImages === undefined) !== (testLabels === undefined)) {
    refuse("Options --test-images and --test-labels go together");
  }
  if (data !== undefined && images !== undefined) {
    refuse("Options --data and --images are two ways to give pictures; give one of them");
  }
  const source = data ?? images;
  if (source === undefined) {
    const other = { labels, "test-images": testImages, side };
    const stray = Object.entries(other).find(([, value]) => value !== undefined);
    if (stray !== undefined) refuse(`Option --${stray[0]} needs --data or --images`);
    return await sample(most);
  }
  const isFolder = data !== undefined && (await statOf(data))?.isDirectory === true;
  if (isFolder) {
    if (labels !== undefined) refuse("Option --labels: the folders of --data are the classes");
    if (testImages !== undefined) refuse("Option --test-images goes with IDX files");
    return await readFolder(data, most, size);
  }
  if (side !== undefined) refuse("Option --side is for folders; pictures of IDX files have theirs");
  if (labels === undefined) return refuse(`Option --labels is missing: classes of ${source}`);
  const all = await readPictures(source, labels, most);
  const [pictures, heldOut] = testImages === undefined
    ? lastHeldOut(all)
    : [all, await readPictures(testImages, testLabels!)];
  const classes = 1 + Math.max(mostOf(pictures.labels), mostOf(heldOut.labels));
  return { pictures, heldOut, labels: Array.from({ length: classes }, (_, i) => String(i)) };
}

/** The largest label. */
function mostOf(labels: Int32Array): number {
  return labels.reduce((most, label) => Math.max(most, label), 0);
}

async function sample(most: number): Promise<Classes> {
  const all = await readPictures(samplePath("images"), samplePath("labels"));
  const [pictures, heldOut] = split(all, all.count - SAMPLE_HELD_OUT);
  const [some] = split(pictures, Math.min(most, pictures.count));
  return { pictures: some, heldOut, labels: SAMPLE_LABELS };
}

/** A folder of PNG and JPEG files for each class; of the pictures in a random order, the last are held out. */
async function readFolder(
  folder: string,
  most: number,
  { channels: some, side, preparing: given }: TakenPictures,
): Promise<Classes> {
  const { classes } = await listImages(folder);
  const images = await openImages(folder);
  const [unlabelled] = images.unlabelled;
  if (images.labels === undefined || unlabelled !== undefined) {
    throw new FewbitError(
      "invalid_argument",
      `Cannot train: ${
        unlabelled ?? folder
      } lies in no class's folder; there is one for each class`,
    );
  }
  const how = given ?? preparing([side, side, some], unnormalized(some));
  const [channels, height, width] = how.inputSize;
  const size = height * width * channels;
  const pixels = new Uint8Array(images.count * size);
  const picture: [number, number, number] = [height, width, channels];
  let at = 0;
  for await (const prepared of images.pixels(how)) pixels.set(prepared, size * at++);
  const all = { count: images.count, picture, pixels, labels: Int32Array.from(images.labels) };
  const order = shuffle(all.count, 0, HOLD_STREAM, 0).subarray(0, Math.min(most, all.count));
  const [pictures, heldOut] = lastHeldOut(chosen(all, order));
  return { pictures, heldOut, labels: classes };
}

function lastHeldOut(all: LabelledPictures): [LabelledPictures, LabelledPictures] {
  if (all.count < 2) {
    throw new FewbitError(
      "invalid_argument",
      "Cannot train: there is one picture, expected 2 or more, of which one is held out",
    );
  }
  return split(all, all.count - Math.max(1, Math.floor(HELD_OUT * all.count)));
}

/** Pictures as a network takes them, whatever their size and channels. */
function prepared(all: LabelledPictures, how: Preprocessing): LabelledPictures {
  const [channels, height, width] = how.inputSize;
  const [rows, columns, given] = all.picture;
  const [size, before] = [channels * height * width, rows * columns * given];
  const pixels = new Uint8Array(all.count * size);
  for (let i = 0; i < all.count; i++) {
    const data = all.pixels.subarray(i * before, (i + 1) * before);
    const image = { width: columns, height: rows, channels: given as 1 | 3, data };
    pixels.set(preparePixels(image, how), i * size);
  }
  return { ...all, picture: [height, width, channels], pixels };
}

interface Normalization {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** Pixels from 0 to 1 as they are. */
export function unnormalized(channels: number): Normalization {
  return { mean: Array(channels).fill(0), std: Array(channels).fill(1) };
}

/** How any picture becomes one of that size: a square one is cut out of its middle. */
export function preparing(
  [height, width, channels]: readonly [number, number, number],
  { mean, std }: Normalization,
): Preprocessing {
  return {
    inputSize: [channels, height, width],
    mean,
    std,
    interpolation: "bilinear",
    resize: height === width
      ? { mode: "shorter_side", size: height }
      : { mode: "stretch", height, width },
    centerCrop: height === width,
  };
}
