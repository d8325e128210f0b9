/** Images of an IDX file or a folder, prepared for a model. */
import { FewbitError } from "../errors.ts";
import { readIdx } from "../formats/idx.ts";
import { statOf } from "../files/read_file.ts";
import { named } from "../files/named.ts";
import { readImage } from "../pipelines/image/image_file.ts";
import { readBytes } from "../checkpoints/sources.ts";
import type { Image } from "../vision/image.ts";
import { listImages } from "../vision/load_folder.ts";
import { preparePixels } from "../vision/preprocess.ts";
import { SAMPLE_HELD_OUT, samplePath } from "./_sample.ts";
import type { Preprocessing } from "../vision/preprocess.ts";

/** A list of images that are read when they are needed. */
export interface ImageList {
  readonly count: number;
  /** Class of each image where its folder tells. */
  readonly labels?: Uint8Array | Int32Array;
  /** Paths of images whose folder tells no class, where those of others do. */
  readonly unlabelled: readonly string[];
  /** Prepared pixels, in order. */
  pixels(preprocessing: Preprocessing): AsyncGenerator<Uint8Array>;
}

/**
 * Opens an IDX file (`[n, height, width]` or `[n, height, width, channels]`, also gzipped) or a folder
 * of PNG and JPEG files, one subfolder for each class.
 */
export async function openImages(path: string, limit = Infinity): Promise<ImageList> {
  const info = await statOf(path);
  if (info === undefined) throw new FewbitError("not_found", `Cannot open images: no ${path}`);
  return info.isDirectory ? await openFolder(path, limit) : await openIdx(path, limit);
}

/** Opens the sample that ships, but for what is held out. */
export async function openSample(limit: number): Promise<ImageList> {
  const { count } = await openIdx(samplePath("images"), Infinity);
  return await openIdx(samplePath("images"), Math.min(limit, count - SAMPLE_HELD_OUT));
}

async function openFolder(path: string, limit: number): Promise<ImageList> {
  const folder = await listImages(path);
  const files = folder.files.slice(0, limit);
  if (files.length === 0) throw new FewbitError("not_found", `Cannot open images: none in ${path}`);
  return {
    count: files.length,
    unlabelled: files.filter(({ label }) => label === undefined).map(({ path }) => path),
    ...(folder.classes.length > 0 && {
      labels: Int32Array.from(files, (file) => file.label ?? -1),
    }),
    async *pixels(preprocessing) {
      for (const file of files) {
        yield preparePixels(await readImage(file.path), preprocessing);
      }
    },
  };
}

async function openIdx(path: string, limit: number): Promise<ImageList> {
  const { dtype, shape, data } = await named(
    path,
    async () => await readIdx(await readBytes(path)),
  );
  const [n, height, width, channels = 1] = shape;
  if (
    dtype !== "u8" || shape.length < 3 || shape.length > 4 || (channels !== 1 && channels !== 3)
  ) {
    throw new FewbitError(
      "shape_mismatch",
      `Cannot use ${path}: ${dtype} [${shape}] are no images`,
    );
  }
  const count = Math.min(n, limit);
  const size = height * width * channels;
  return {
    count,
    unlabelled: [],
    async *pixels(preprocessing) {
      for (let i = 0; i < count; i++) {
        const pixels = (data as Uint8Array).subarray(i * size, (i + 1) * size);
        const image: Image = { width, height, channels: channels as 1 | 3, data: pixels };
        yield preparePixels(image, preprocessing);
      }
    },
  };
}

/** Labels of an IDX file. */
export async function openLabels(path: string): Promise<Uint8Array | Int32Array> {
  const { dtype, shape, data } = await named(
    path,
    async () => await readIdx(await readBytes(path)),
  );
  if (shape.length !== 1 || (dtype !== "u8" && dtype !== "i32")) {
    throw new FewbitError(
      "shape_mismatch",
      `Cannot use ${path}: ${dtype} [${shape}] are no labels`,
    );
  }
  return data as Uint8Array | Int32Array;
}
