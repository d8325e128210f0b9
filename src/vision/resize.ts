import { FewbitError } from "../errors.ts";
import { premultiply, unpremultiply } from "./_premultiply.ts";
import { resample } from "./_resample.ts";
import { checkImage, checkImageSize, type Image } from "./image.ts";

/** Names of the resampling filters, as timm and torchvision name them. */
export const INTERPOLATIONS = ["nearest", "bilinear", "bicubic", "lanczos"] as const;

/** A resampling filter. */
export type Interpolation = typeof INTERPOLATIONS[number];

/**
 * Resizes an image to `width` × `height` pixels, equal to the bit to `Image.resize` of Pillow 13 for 8-bit images:
 * antialiased when it shrinks; alpha is premultiplied while it is filtered.
 *
 * Pillow up to 12 always runs the horizontal pass first; Pillow 13 runs the vertical one first where the height shrinks
 * by more than twice as many pixels as the width, and there the two differ by the rounding between the passes.
 *
 * Throws `invalid_argument` for an invalid image, size or filter. An image that has the size already is copied.
 *
 * @example
 * ```ts
 * import { resize } from "@fewbit/fewbit";
 *
 * const image = { width: 2, height: 1, channels: 1, data: Uint8Array.of(0, 200) } as const;
 * console.log(resize(image, 1, 1, "bilinear").data[0]); // 100
 * ```
 */
export function resize(image: Image, width: number, height: number, filter: Interpolation): Image {
  checkImage(image);
  checkImageSize(width, height);
  if (!INTERPOLATIONS.includes(filter)) {
    throw new FewbitError(
      "invalid_argument",
      `Cannot resize image: expected a filter of ${INTERPOLATIONS.join(", ")}, got ${
        String(filter)
      }`,
    );
  }
  if (width === image.width && height === image.height) {
    return { ...image, data: image.data.slice() };
  }
  if (filter === "nearest") return resizeNearest(image, width, height);
  if (image.channels === 4) {
    return unpremultiply(resample(premultiply(image), width, height, filter));
  }
  return resample(image, width, height, filter);
}

function resizeNearest(image: Image, width: number, height: number): Image {
  const { channels, data } = image;
  const columns = nearestPositions(image.width, width);
  const rows = nearestPositions(image.height, height);
  const out = new Uint8Array(width * height * channels);
  let to = 0;
  for (let y = 0; y < height; y++) {
    const row = rows[y] * image.width;
    for (let x = 0; x < width; x++) {
      const from = (row + columns[x]) * channels;
      for (let c = 0; c < channels; c++) out[to++] = data[from + c];
    }
  }
  return { width, height, channels, data: out };
}

/** Source position of every output position; Pillow adds up the scale rather than multiplying, and so do we. */
function nearestPositions(inputSize: number, outputSize: number): Int32Array {
  const scale = inputSize / outputSize;
  const positions = new Int32Array(outputSize);
  let position = scale * 0.5;
  for (let i = 0; i < outputSize; i++) {
    positions[i] = Math.min(Math.trunc(position), inputSize - 1);
    position += scale;
  }
  return positions;
}
