/** Pictures from files. */
import { named } from "../../files/named.ts";
import { decodeImage, MAX_IMAGE_BYTES } from "../../vision/decode.ts";
import type { Image } from "../../vision/image.ts";
import { readBytes } from "../../checkpoints/sources.ts";

/** Reads and decodes a picture by path or URL; an error names it. */
export async function readImage(source: string | URL, signal?: AbortSignal): Promise<Image> {
  return await named(source, async () => {
    return decodeImage(await readBytes(source, signal, { maxBytes: MAX_IMAGE_BYTES }));
  });
}
