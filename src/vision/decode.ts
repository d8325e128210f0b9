import { FewbitError } from "../errors.ts";
import { foreignFile } from "../foreign_file.ts";
import { decodeJpeg, jpegBytesNeeded } from "./_jpeg.ts";
import { readJpegMarkers } from "./_jpeg_markers.ts";
import { decodePng, pngBytesNeeded, readPngHeader } from "./_png.ts";
import { type Image, MAX_IMAGE_SIDE } from "./image.ts";

/** Largest file of an image that is read: that of 64 million pixels of noise. */
export const MAX_IMAGE_BYTES: number = 2 ** 29;

/** Limits of {@linkcode decodeImage}. */
export interface DecodeOptions {
  /** Most pixels of the image, 64 million unless given. Checked before anything is decoded. */
  readonly maxPixels?: number;
  /** Most memory that decoding may take beside the file, in MiB, 1024 unless given. */
  readonly maxMemoryMiB?: number;
}

/** First bytes of the formats that are told apart, -1 standing for any byte. */
const SIGNATURES: readonly (readonly [name: string, bytes: readonly number[]])[] = [
  ["PNG", [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]],
  ["JPEG", [0xff, 0xd8, 0xff]],
  ["GIF", [0x47, 0x49, 0x46, 0x38]],
  ["WebP", [0x52, 0x49, 0x46, 0x46, -1, -1, -1, -1, 0x57, 0x45, 0x42, 0x50]],
  ["AVIF", [-1, -1, -1, -1, 0x66, 0x74, 0x79, 0x70, 0x61, 0x76, 0x69]],
  ["HEIF", [-1, -1, -1, -1, 0x66, 0x74, 0x79, 0x70]],
  ["TIFF", [0x49, 0x49, 0x2a, 0x00]],
  ["TIFF", [0x4d, 0x4d, 0x00, 0x2a]],
  ["BMP", [0x42, 0x4d]],
  ["ICO", [0x00, 0x00, 0x01, 0x00]],
  ["JPEG XL", [0xff, 0x0a]],
  ["JPEG XL", [0x00, 0x00, 0x00, 0x0c, 0x4a, 0x58, 0x4c, 0x20]],
  ["JPEG 2000", [0x00, 0x00, 0x00, 0x0c, 0x6a, 0x50, 0x20, 0x20]],
];

interface Limits {
  readonly maxPixels: number;
  readonly maxMemoryMiB: number;
}

/**
 * Decodes a PNG or JPEG file to 8-bit samples, as Pillow's `Image.open` does up to `convert`: grey gives one channel,
 * grey with alpha and RGBA give four, everything else three. Samples of 1, 2 and 4 bits are spread over 0 to 255, those
 * of 16 bits keep their high byte (but 16-bit grey is clamped to 255, as Pillow does). Of a palette or a transparent
 * color in a PNG, the colors remain and the transparency is dropped. The orientation in EXIF data and color profiles
 * are ignored: the pixels come as they are stored.
 *
 * Both are exact: the pixels are those of Pillow with libjpeg-turbo. What Pillow reads without an error is read, as
 * long as all pixels are in the file and nothing says that they are damaged.
 *
 * Bytes are decoded before the call returns, a `Blob` or `File` gives a promise.
 *
 * Throws `unsupported` for other formats and rare kinds of JPEG, `limit_exceeded` for an image with too many pixels,
 * `invalid_file` for one that is truncated or damaged (never half an image), `invalid_argument` for bad options.
 *
 * @example
 * ```ts
 * import { decodeImage } from "@fewbit/fewbit";
 *
 * const png = "iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAAAAADRSSBWAAAAC0lEQVR4nGNgPwEAANkA0NemIjwAAAAASUVORK5CYII=";
 * const { width, height, channels } = decodeImage(Uint8Array.fromBase64(png));
 * console.log(`${width} x ${height}, ${channels} channel`); // 2 x 1, 1 channel
 * ```
 */
export function decodeImage(file: Uint8Array | ArrayBuffer, options?: DecodeOptions): Image;
/** The same for a blob. */
export function decodeImage(file: Blob, options?: DecodeOptions): Promise<Image>;
/** The same for either. */
export function decodeImage(
  file: Uint8Array | ArrayBuffer | Blob,
  options: DecodeOptions = {},
): Image | Promise<Image> {
  const limits = checkOptions(options);
  if (file instanceof Blob) {
    return file.arrayBuffer().then((buffer) => decodeBytes(new Uint8Array(buffer), limits));
  }
  if (file instanceof ArrayBuffer) return decodeBytes(new Uint8Array(file), limits);
  if (file instanceof Uint8Array) return decodeBytes(file, limits);
  throw new FewbitError("invalid_argument", "Cannot decode image: expected bytes or a Blob");
}

function checkOptions({ maxPixels = 64_000_000, maxMemoryMiB = 1024 }: DecodeOptions): Limits {
  for (const [name, value] of Object.entries({ maxPixels, maxMemoryMiB })) {
    if (!Number.isFinite(value) || value <= 0) {
      throw new FewbitError(
        "invalid_argument",
        `Cannot decode image: expected a positive ${name}, got ${value}`,
      );
    }
  }
  return { maxPixels, maxMemoryMiB };
}

function decodeBytes(bytes: Uint8Array, limits: Limits): Image {
  const format = formatOf(bytes);
  if (format === "PNG") {
    const header = readPngHeader(bytes);
    checkPixels(header.width, header.height, limits);
    checkMemory(pngBytesNeeded(header), limits);
    return decodePng(bytes, header);
  }
  if (format === "JPEG") {
    const markers = readJpegMarkers(bytes);
    checkPixels(markers.frame.width, markers.frame.height, limits);
    checkMemory(jpegBytesNeeded(markers), limits);
    return decodeJpeg(bytes, markers);
  }
  throw format === undefined
    ? new FewbitError(
      "invalid_file",
      `Cannot decode image: the ${bytes.length} bytes are not a PNG or JPEG file${noteOf(bytes)}`,
    )
    : new FewbitError(
      "unsupported",
      `Cannot decode image: ${format} is not supported, expected PNG or JPEG`,
    );
}

function noteOf(bytes: Uint8Array): string {
  const foreign = foreignFile(bytes);
  return foreign === undefined ? "" : `: ${foreign}`;
}

function formatOf(bytes: Uint8Array): string | undefined {
  return SIGNATURES.find(([, signature]) =>
    signature.every((byte, i) => byte === -1 ? i < bytes.length : bytes[i] === byte)
  )
    ?.[0];
}

function checkPixels(width: number, height: number, { maxPixels }: Limits): void {
  if (width > MAX_IMAGE_SIDE || height > MAX_IMAGE_SIDE || width * height > maxPixels) {
    throw new FewbitError(
      "limit_exceeded",
      `Cannot decode image: ${width} x ${height} pixels exceed the limit of ${maxPixels} pixels, ${MAX_IMAGE_SIDE} a side`,
    );
  }
}

function checkMemory(bytes: number, { maxMemoryMiB }: Limits): void {
  if (bytes > maxMemoryMiB * 2 ** 20) {
    throw new FewbitError(
      "limit_exceeded",
      `Cannot decode image: it needs ${
        Math.ceil(bytes / 2 ** 20)
      } MiB, more than the limit of ${maxMemoryMiB} MiB`,
    );
  }
}
