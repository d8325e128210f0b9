import type { JpegComponent, JpegHeader } from "./_jpeg_header.ts";

// The last stages of libjpeg-turbo (jdsample.c, jdcolor.c), to the bit: triangle filters for planes of half the width
// or height, then YCbCr to RGB in 16-bit fixed point. jpeg-js repeats samples and truncates instead, which is up to
// twenty levels away at colored edges and half a level too dark everywhere.

/** A plane at its own resolution, or at that of the image. */
interface Plane {
  readonly samples: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly halfWidth: boolean;
  readonly halfHeight: boolean;
}

/** Takes component `index` out of interleaved pixels in which jpeg-js has repeated the samples. */
function planeOf(
  data: Uint8Array,
  index: number,
  { width, height, components }: JpegHeader,
): Plane {
  const maxH = Math.max(...components.map(({ h }) => h));
  const maxV = Math.max(...components.map(({ v }) => v));
  const { h, v }: JpegComponent = components[index];
  // libjpeg repeats the samples of planes of one or two columns, and of all other ratios.
  const isSmooth = h === maxH || h * 2 === maxH && width > 4;
  const halfWidth = isSmooth && h * 2 === maxH && (v === maxV || v * 2 === maxV);
  const halfHeight = isSmooth && v * 2 === maxV && (h === maxH || h * 2 === maxH);
  const stepX = halfWidth ? 2 : 1, stepY = halfHeight ? 2 : 1;
  const columns = Math.ceil(width / stepX), rows = Math.ceil(height / stepY);
  const samples = new Uint8Array(columns * rows);
  for (let y = 0, to = 0; y < rows; y++) {
    let from = y * stepY * width * 3 + index;
    for (let x = 0; x < columns; x++, from += stepX * 3) samples[to++] = data[from];
  }
  return { samples, width: columns, height: rows, halfWidth, halfHeight };
}

/** Writes row `y` of a plane at the resolution of the image: 3/4 of the nearer sample and 1/4 of the farther one. */
function writeRow(plane: Plane, y: number, sums: Int32Array, out: Uint8Array): void {
  const { samples, width, height, halfWidth, halfHeight } = plane;
  const near = (halfHeight ? y >> 1 : y) * width;
  const farRow = Math.min(height - 1, Math.max(0, (y >> 1) + (y & 1 ? 1 : -1)));
  const far = halfHeight ? farRow * width : near;
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
    const bias = halfHeight ? (y & 1 ? 2 : 1) : 0;
    const shift = halfHeight ? 2 : 0;
    for (let x = 0; x < out.length; x++) out[x] = (sums[x] + bias) >> shift;
  }
}

function clampToByte(value: number): number {
  return value < 0 ? 0 : value > 255 ? 255 : value;
}

/** Turns interleaved components, as jpeg-js gives them without a color transform, into RGB in place. */
export function componentsToRgb(data: Uint8Array, header: JpegHeader): void {
  const { width, height, isRgb } = header;
  const planes = [0, 1, 2].map((index) => planeOf(data, index, header));
  const rows = planes.map(() => new Uint8Array(width));
  const sums = new Int32Array(width);
  for (let y = 0, at = 0; y < height; y++) {
    planes.forEach((plane, index) => writeRow(plane, y, sums, rows[index]));
    const [first, second, third] = rows;
    for (let x = 0; x < width; x++, at += 3) {
      if (isRgb) {
        data[at] = first[x];
        data[at + 1] = second[x];
        data[at + 2] = third[x];
        continue;
      }
      const luma = first[x], cb = second[x] - 128, cr = third[x] - 128;
      data[at] = clampToByte(luma + ((91881 * cr + 32768) >> 16));
      data[at + 1] = clampToByte(luma + ((-22554 * cb - 46802 * cr + 32768) >> 16));
      data[at + 2] = clampToByte(luma + ((116130 * cb + 32768) >> 16));
    }
  }
}
