import { imageOfPlanes } from "./_jpeg_color.ts";
import type { JpegComponent, JpegPlane } from "./_jpeg_frame.ts";
import { inverseDct } from "./_jpeg_idct.ts";
import type { JpegFile } from "./_jpeg_markers.ts";
import { type BlockTarget, readScan } from "./_jpeg_scan.ts";
import type { Image } from "./image.ts";

// JPEG as libjpeg-turbo decodes it, to the bit: the integer inverse DCT, triangle filters for planes of half the size, and
// conversion of colours in fixed point. Libraries in JavaScript differ by up to twenty levels at coloured edges, and
// misread progressive files with restarts.

/** Bytes that decoding takes beside the file, at most. */
export function jpegBytesNeeded({ frame }: JpegFile): number {
  const { width, height, progressive, components } = frame;
  const samples = components.reduce((sum, each) => sum + samplesOf(each), 0);
  const image = width * height * (components.length === 1 ? 1 : 3);
  // Coefficients of a progressive file have two bytes; they are gone when there is an image.
  return Math.max(samples + image, progressive ? 3 * samples : 0);
}

/** Decodes a JPEG whose markers were read and found small enough. Throws `invalid_file`. */
export function decodeJpeg(bytes: Uint8Array, file: JpegFile): Image {
  const planes = file.frame.progressive ? progressivePlanes(bytes, file) : planesOf(bytes, file);
  return imageOfPlanes(planes, file);
}

function samplesOf({ blockColumns, blockRows }: JpegComponent): number {
  return blockColumns * blockRows * 64;
}

function emptyPlane(component: JpegComponent): JpegPlane {
  const samples = new Uint8Array(samplesOf(component));
  return { samples, stride: component.blockColumns * 8, component };
}

/** Blocks become samples as they come. */
function planesOf(bytes: Uint8Array, { frame, scans, divisors }: JpegFile): JpegPlane[] {
  const planes = frame.components.map(emptyPlane);
  const coefficients = new Int16Array(64);
  const target: BlockTarget = {
    coefficients,
    begin: () => {
      coefficients.fill(0);
      return 0;
    },
    end: (index, row, column) => {
      const { samples, stride } = planes[index];
      inverseDct(coefficients, 0, divisors[index], samples, row * 8 * stride + column * 8, stride);
    },
  };
  for (const scan of scans) readScan(bytes, frame, scan, target);
  return planes;
}

/** All coefficients come first, scan by scan. */
function progressivePlanes(bytes: Uint8Array, { frame, scans, divisors }: JpegFile): JpegPlane[] {
  const { components } = frame;
  const starts = components.map((_, i) =>
    components.slice(0, i).reduce((sum, each) => sum + samplesOf(each), 0)
  );
  const total = components.reduce((sum, each) => sum + samplesOf(each), 0);
  const coefficients = new Int16Array(total);
  const placeOf = (index: number, row: number, column: number): number =>
    starts[index] + (row * components[index].blockColumns + column) * 64;
  const target: BlockTarget = { coefficients, begin: placeOf, end: () => {} };
  for (const scan of scans) readScan(bytes, frame, scan, target);
  return components.map((component, index) => {
    const plane = emptyPlane(component);
    const { samples, stride } = plane;
    for (let row = 0; row < component.blockRows; row++) {
      for (let column = 0; column < component.blockColumns; column++) {
        const to = row * 8 * stride + column * 8;
        const from = placeOf(index, row, column);
        inverseDct(coefficients, from, divisors[index], samples, to, stride);
      }
    }
    return plane;
  });
}
