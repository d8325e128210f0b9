/** Pictures from files. */
import { FewbitError } from "../../errors.ts";
import { decodeImage, MAX_IMAGE_BYTES } from "../../vision/decode.ts";
import type { Image } from "../../vision/image.ts";
import { readBytes } from "../../checkpoints/sources.ts";

/** Reads and decodes a picture by path or URL; an error names it. */
export async function readImage(source: string | URL, signal?: AbortSignal): Promise<Image> {
  return await named(source, async () => {
    return decodeImage(await readBytes(source, signal, { maxBytes: MAX_IMAGE_BYTES }));
  });
}

/** Runs a step that reads a file; an error of fewbit names it. */
export async function named<T>(source: string | URL, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const name = String(source);
    if (!(cause instanceof FewbitError) || cause.message.includes(name)) throw cause;
    throw new FewbitError(cause.code, `${name.slice(0, 200)}: ${cause.message}`, { cause });
  }
}
