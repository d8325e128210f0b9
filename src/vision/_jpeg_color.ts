import type { JpegFrame, JpegPlane } from "./_jpeg_frame.ts";
import { isRgb, type JpegFile } from "./_jpeg_markers.ts";
import type { Image } from "./image.ts";

// The last stages of libjpeg-turbo (jdsample.c, jdcolor.c), to the bit: triangle filters for planes of half the width
// or height, repetition for other ratios, then YCbCr to RGB in 16-bit fixed point. Four components become RGB as in
// Pillow's `convert("RGB")`.

/** Writes row `y` of a plane at the resolution of the image. */
type WriteRow = (y: number, out: Uint8Array) => void;

function upsampler({ samples, stride, component }: JpegPlane, frame: JpegFrame): WriteRow {
  const { h, v, width, height } = component;
  const { maxH, maxV } = frame;
  // libjpeg repeats the samples of planes of one or two columns.
  const isSmooth = h === maxH || h * 2 === maxH && width > 2;
  const halfWidth = isSmooth && h * 2 === maxH && (v === maxV || v * 2 === maxV);
  const halfHeight = isSmooth && v * 2 === maxV && (h === maxH || h * 2 === maxH);
  if (!halfWidth && !halfHeight) {
    return (y, out) => {
      const row = Math.floor(y * v / maxV) * stride;
      if (h === maxH) return out.set(samples.subarray(row, row + out.length));
      for (let x = 0; x < out.length; x++) out[x] = samples[row + Math.floor(x * h / maxH)];
    };
  }
  const sums = new Int32Array(width);
  return (y, out) => {
    const near = (halfHeight ? y >> 1 : y) * stride;
    const farRow = Math.min(height - 1, Math.max(0, (y >> 1) + (y & 1 ? 1 : -1)));
    const far = halfHeight ? farRow * stride : near;
    // 3/4 of the nearer sample and 1/4 of the farther one.
    for (let x = 0; x < width; x++) {
      sums[x] = halfHeight ? 3 * samples[near + x] + samples[far + x] : samples[near + x];
    }
    if (halfWidth) {
      const shift = halfHeight ? 4 : 2;
      const evenBias = halfHeight ? 8 : 1, oddBias = halfHeight ? 7 : 2;
      for (let x = 0; x < out.length; x++) {
        const column = x >> 1;
        const neighbour = x & 1 ? Math.min(width - 1, column + 1) : Math.max(0, column - 1);
        out[x] = (3 * sums[column] + sums[neighbour] + (x & 1 ? oddBias : evenBias)) >> shift;
      }
    } else {
      const bias = y & 1 ? 2 : 1;
      for (let x = 0; x < out.length; x++) out[x] = (sums[x] + bias) >> 2;
    }
  };
}

function clampToByte(value: number): number {
  return value < 0 ? 0 : value > 255 ? 255 : value;
}

/** Writes RGB at `data[at…]` from luma and chroma. */
function writeRgb(y: number, cb: number, cr: number, data: Uint8Array, at: number): void {
  const blue = cb - 128, red = cr - 128;
  data[at] = clampToByte(y + ((91881 * red + 32768) >> 16));
  data[at + 1] = clampToByte(y + ((-22554 * blue - 46802 * red + 32768) >> 16));
  data[at + 2] = clampToByte(y + ((116130 * blue + 32768) >> 16));
}

/** `a * b / 255`, rounded as Pillow does. */
function times(a: number, b: number): number {
  const product = a * b + 128;
  return (product >> 8) + product >> 8;
}

/** Makes an image of the planes of a file. */
export function imageOfPlanes(planes: readonly JpegPlane[], file: JpegFile): Image {
  const { frame, adobeTransform } = file;
  const { width, height } = frame;
  const writers = planes.map((plane) => upsampler(plane, frame));
  const rows = planes.map(() => new Uint8Array(width));
  const channels = planes.length === 1 ? 1 : 3;
  const data = new Uint8Array(width * height * channels);
  const isYcck = planes.length === 4 && adobeTransform !== undefined && adobeTransform !== 0;
  const isPlain = planes.length === 4 ? !isYcck : isRgb(file);
  for (let y = 0, at = 0; y < height; y++) {
    writers.forEach((write, i) => write(y, rows[i]));
    const [first, second, third, black] = rows;
    if (channels === 1) data.set(first, at);
    for (let x = 0; channels === 3 && x < width; x++) {
      const to = at + 3 * x;
      if (isPlain) {
        data[to] = first[x];
        data[to + 1] = second[x];
        data[to + 2] = third[x];
      } else writeRgb(first[x], second[x], third[x], data, to);
      if (planes.length < 4) continue;
      // Pillow takes all inks for inverted, as Adobe stores them; YCCK, by its definition, inverts them once more.
      for (let c = 0; c < 3; c++) {
        const ink = isYcck ? data[to + c] : 255 - data[to + c];
        data[to + c] = clampToByte(black[x] - times(ink, black[x]));
      }
    }
    at += width * channels;
  }
  return { width, height, channels, data };
}
