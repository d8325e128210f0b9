/** What a picture may be given as. */
import { FewbitError } from "../../errors.ts";
import { decodeImage } from "../../vision/decode.ts";
import type { Image } from "../../vision/image.ts";
import { readImage } from "./image_file.ts";

/**
 * Pixels in memory: an {@linkcode Image}, or an `ImageData`, whose four channels need not be named. The
 * bytes may be clamped ones, as canvases have them.
 */
export interface PixelSource {
  /** Pixels from left to right. */
  readonly width: number;
  /** Pixels from top to bottom. */
  readonly height: number;
  /** Bytes of one pixel; 4 (red, green, blue, alpha) where it is not said. */
  readonly channels?: 1 | 3 | 4;
  /**
   * The samples, row by row from the top: a `Uint8Array` or `Uint8ClampedArray`. Other arrays, such as an
   * `ImageData` may have, are refused.
   */
  readonly data: ArrayBufferView;
}

/** A canvas that is, or can be, drawn to in two dimensions: `HTMLCanvasElement`, `OffscreenCanvas`. */
export interface CanvasSource {
  /** Pixels from left to right. */
  readonly width: number;
  /** Pixels from top to bottom. */
  readonly height: number;
  /** The context that gives the pixels; `null` where the canvas has one of another kind. */
  getContext(
    kind: "2d",
  ): { getImageData(x: number, y: number, width: number, height: number): PixelSource } | null;
}

/** A PNG or JPEG (its bytes, a blob, a path or URL), decoded pixels, an `ImageData`, or a canvas. */
export type ImageInput =
  | string
  | URL
  | Uint8Array
  | ArrayBuffer
  | Blob
  | PixelSource
  | CanvasSource;

/**
 * The pixels of a picture.
 *
 * @throws {FewbitError} `invalid_argument` for what is none of {@linkcode ImageInput} and for a canvas
 * that its host does not let be read, `unsupported` for one that is drawn to in another way, and what
 * reading and decoding throw.
 */
export async function toImage(image: ImageInput, signal?: AbortSignal): Promise<Image> {
  if (typeof image === "string" || image instanceof URL) return await readImage(image, signal);
  if (image instanceof Uint8Array || image instanceof ArrayBuffer) return decodeImage(image);
  if (image instanceof Blob) return await decodeImage(image);
  if (typeof image !== "object" || image === null || ArrayBuffer.isView(image)) {
    throw new FewbitError(
      "invalid_argument",
      "Cannot classify: expected a path, URL, bytes of a file, Blob, ImageData, canvas or " +
        `{ width, height, channels, data }, got ${
          ArrayBuffer.isView(image) ? `a ${image.constructor.name}` : typeof image
        }`,
    );
  }
  return pixelsOf("getContext" in image ? canvasPixels(image) : image);
}

function canvasPixels(canvas: CanvasSource): PixelSource {
  const context = canvas.getContext("2d");
  if (context !== null) {
    try {
      return context.getImageData(0, 0, canvas.width, canvas.height);
    } catch (cause) {
      // It is empty, or a picture of another origin was drawn to it.
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new FewbitError("invalid_argument", `Cannot read the canvas: ${why}`, { cause });
    }
  }
  throw new FewbitError(
    "unsupported",
    "Cannot classify a canvas that is not drawn to in two dimensions: draw it onto one that is",
  );
}

/** Without a copy; what is wrong with it is found where it is prepared. */
function pixelsOf({ width, height, channels = 4, data }: PixelSource): Image {
  const bytes = data instanceof Uint8ClampedArray
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : data;
  return { width, height, channels, data: bytes as Uint8Array };
}
