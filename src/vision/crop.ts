import { FewbitError } from "../errors.ts";
import { checkImage, checkImageSize, type Image } from "./image.ts";
import { type Interpolation, resize } from "./resize.ts";

/**
 * Cuts the central `width` × `height` pixels, as torchvision's `CenterCrop` does: the left and top margins are half
 * the surplus, rounded half to even; where the image is smaller, zeros surround it (the odd one right and below).
 *
 * Throws `invalid_argument` for an invalid image or size. The result never shares memory with the image.
 */
export function centerCrop(image: Image, width: number, height: number): Image {
  checkImage(image);
  checkImageSize(width, height);
  const { channels } = image;
  const out = new Uint8Array(width * height * channels);
  const [left, column, columns] = cropSpan(image.width, width);
  const [top, row, rows] = cropSpan(image.height, height);
  for (let y = 0; y < rows; y++) {
    const from = ((top + y) * image.width + left) * channels;
    out.set(
      image.data.subarray(from, from + columns * channels),
      ((row + y) * width + column) * channels,
    );
  }
  return { width, height, channels, data: out };
}

/** Along one axis: first source position, first position written, number of positions copied. */
function cropSpan(inputSize: number, outputSize: number): [number, number, number] {
  const surplus = inputSize - outputSize;
  return surplus >= 0
    ? [halfToEven(surplus), 0, outputSize]
    : [0, Math.floor(-surplus / 2), inputSize];
}

/** Half of a whole number of at least 0, rounded half to even, as Python's `round(n / 2)`. */
function halfToEven(n: number): number {
  const half = Math.floor(n / 2);
  return n % 2 === 1 && half % 2 === 1 ? half + 1 : half;
}

/**
 * Resizes so that the shorter side has `size` pixels and the aspect ratio stays, as torchvision's `Resize(size)` does:
 * the longer side is `size * long / short` without its fraction.
 *
 * Throws `invalid_argument` for an invalid image, size or filter, also if the longer side becomes too long.
 *
 * @example
 * ```ts
 * import { resizeShorterSide } from "@fewbit/fewbit";
 *
 * const image = { width: 300, height: 200, channels: 1, data: new Uint8Array(60_000) } as const;
 * console.log(resizeShorterSide(image, 128).width); // 192
 * ```
 */
export function resizeShorterSide(
  image: Image,
  size: number,
  filter: Interpolation = "bilinear",
): Image {
  checkImage(image);
  if (!Number.isInteger(size) || size < 1) {
    throw new FewbitError(
      "invalid_argument",
      `Cannot resize image: expected a positive integer size, got ${size}`,
    );
  }
  const { width, height } = image;
  return width <= height
    ? resize(image, size, Math.trunc(size * height / width), filter)
    : resize(image, Math.trunc(size * width / height), size, filter);
}
