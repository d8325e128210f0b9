import { FewbitError } from "../errors.ts";

/** Longest side of an image, in pixels: what a JPEG file can hold. */
export const MAX_IMAGE_SIDE = 65_535;

/** Most pixels of an image, whatever its channels. */
export const MAX_IMAGE_PIXELS: number = 2 ** 28;

/**
 * Pixels in host memory: `data[(y * width + x) * channels + c]`, 0 to 255 (height × width × channels, row-major).
 * One channel is grey, three are red, green and blue, the fourth is alpha (255 is opaque, not premultiplied).
 */
export interface Image {
  /** Pixels from left to right. */
  readonly width: number;
  /** Pixels from top to bottom. */
  readonly height: number;
  /** Bytes of one pixel. */
  readonly channels: 1 | 3 | 4;
  /** The `height * width * channels` samples. */
  readonly data: Uint8Array;
}

/**
 * Throws `invalid_argument` unless width and height are integers from 1 to {@linkcode MAX_IMAGE_SIDE} with at most
 * {@linkcode MAX_IMAGE_PIXELS} pixels.
 */
export function checkImageSize(width: number, height: number): void {
  for (const side of [width, height]) {
    if (!Number.isInteger(side) || side < 1 || side > MAX_IMAGE_SIDE) {
      throw new FewbitError(
        "invalid_argument",
        `Invalid image size ${width} x ${height}: expected integers from 1 to ${MAX_IMAGE_SIDE}`,
      );
    }
  }
  if (width * height > MAX_IMAGE_PIXELS) {
    throw new FewbitError(
      "invalid_argument",
      `Invalid image size ${width} x ${height}: expected at most ${MAX_IMAGE_PIXELS} pixels`,
    );
  }
}

/** Throws `invalid_argument` unless the size is valid and the data holds as many bytes as the shape says. */
export function checkImage(image: Image): void {
  const { width, height, channels, data } = image;
  checkImageSize(width, height);
  if (channels !== 1 && channels !== 3 && channels !== 4) {
    throw new FewbitError(
      "invalid_argument",
      `Invalid image: expected 1, 3 or 4 channels, got ${channels}`,
    );
  }
  if (!(data instanceof Uint8Array)) {
    throw new FewbitError(
      "invalid_argument",
      "Invalid image: expected the data to be a Uint8Array",
    );
  }
  if (data.length !== width * height * channels) {
    throw new FewbitError(
      "invalid_argument",
      `Invalid image: ${width} x ${height} x ${channels} needs ${
        width * height * channels
      } bytes, got ${data.length}`,
    );
  }
}

/**
 * Converts an image to grey (1) or to red, green and blue (3), as Pillow's `convert("L")` and `convert("RGB")` do:
 * alpha is dropped without blending, and grey is `(R * 19595 + G * 38470 + B * 7471 + 0x8000) >> 16` (ITU-R 601-2).
 *
 * Returns the image itself if it already has that many channels. Throws `invalid_argument` for an invalid image.
 *
 * @example
 * ```ts
 * import { toChannels } from "@fewbit/fewbit";
 *
 * const red = { width: 1, height: 1, channels: 3, data: Uint8Array.of(255, 0, 0) } as const;
 * console.log(toChannels(red, 1).data[0]); // 76
 * ```
 */
export function toChannels(image: Image, channels: 1 | 3): Image {
  checkImage(image);
  if (channels !== 1 && channels !== 3) {
    throw new FewbitError(
      "invalid_argument",
      `Cannot convert image: expected 1 or 3 channels, got ${channels}`,
    );
  }
  if (image.channels === channels) return image;
  const { width, height } = image;
  const data = new Uint8Array(width * height * channels);
  if (channels === 1) writeGrey(image, data);
  else writeRgb(image, data);
  return { width, height, channels, data };
}

function writeGrey({ data, channels }: Image, out: Uint8Array): void {
  for (let i = 0, p = 0; i < out.length; i++, p += channels) {
    out[i] = (data[p] * 19595 + data[p + 1] * 38470 + data[p + 2] * 7471 + 0x8000) >> 16;
  }
}

function writeRgb({ data, channels }: Image, out: Uint8Array): void {
  const green = channels === 1 ? 0 : 1;
  for (let i = 0, p = 0; i < out.length; i += 3, p += channels) {
    out[i] = data[p];
    out[i + 1] = data[p + green];
    out[i + 2] = data[p + 2 * green];
  }
}
