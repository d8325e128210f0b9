import type { Image } from "./image.ts";

// Separable resampling in fixed point, after Pillow's src/libImaging/Resample.c: weights in float64, normalised, then
// rounded to 22 fractional bits; two passes with 8-bit samples between them. The sum of the weights' magnitudes stays
// below 2 (the filters are lobes around a main one of 1.2 at most), so sums of products fit 31 bits.
const PRECISION_BITS = 32 - 8 - 2;
const HALF = 1 << (PRECISION_BITS - 1);

interface Filter {
  /** Half the width of the filter at scale 1. */
  readonly support: number;
  readonly weight: (x: number) => number;
}

const FILTERS: Readonly<Record<"bilinear" | "bicubic" | "lanczos", Filter>> = {
  bilinear: { support: 1, weight: bilinear },
  bicubic: { support: 2, weight: bicubic },
  lanczos: { support: 3, weight: lanczos },
};

function bilinear(x: number): number {
  const distance = Math.abs(x);
  return distance < 1 ? 1 - distance : 0;
}

/** Cubic convolution with a = -0.5. */
function bicubic(x: number): number {
  const distance = Math.abs(x);
  if (distance < 1) return (1.5 * distance - 2.5) * distance * distance + 1;
  if (distance < 2) return (((distance - 5) * distance + 8) * distance - 4) * -0.5;
  return 0;
}

function lanczos(x: number): number {
  return x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0;
}

function sinc(x: number): number {
  if (x === 0) return 1;
  const angle = x * Math.PI;
  return Math.sin(angle) / angle;
}

/** Weights of one axis: output `i` is the sum of `weights[i * stride + k]` times input `first[i] + k`, k < `count[i]`. */
interface Weights {
  readonly first: Int32Array;
  readonly count: Int32Array;
  readonly weights: Int32Array;
  readonly stride: number;
}

function weightsOf(inputSize: number, outputSize: number, filter: Filter): Weights {
  const scale = inputSize / outputSize;
  const filterScale = Math.max(scale, 1);
  const inverseScale = 1 / filterScale;
  const support = filter.support * filterScale;
  const stride = Math.ceil(support) * 2 + 1;
  const first = new Int32Array(outputSize);
  const count = new Int32Array(outputSize);
  const weights = new Int32Array(outputSize * stride);
  const exact = new Float64Array(stride);
  for (let i = 0; i < outputSize; i++) {
    const center = (i + 0.5) * scale;
    const start = Math.max(0, Math.trunc(center - support + 0.5));
    const taps = Math.min(inputSize, Math.trunc(center + support + 0.5)) - start;
    let sum = 0;
    for (let k = 0; k < taps; k++) {
      exact[k] = filter.weight((k + start - center + 0.5) * inverseScale);
      sum += exact[k];
    }
    for (let k = 0; k < taps; k++) {
      const weight = (sum === 0 ? exact[k] : exact[k] / sum) * (1 << PRECISION_BITS);
      weights[i * stride + k] = Math.trunc(weight < 0 ? weight - 0.5 : weight + 0.5);
    }
    first[i] = start;
    count[i] = taps;
  }
  return { first, count, weights, stride };
}

function clampToByte(sum: number): number {
  const value = sum >> PRECISION_BITS;
  return value < 0 ? 0 : value > 255 ? 255 : value;
}

function resampleWidth(image: Image, width: number, filter: Filter): Image {
  const { height, channels, data } = image;
  const { first, count, weights, stride } = weightsOf(image.width, width, filter);
  const out = new Uint8Array(width * height * channels);
  let to = 0;
  for (let y = 0; y < height; y++) {
    const row = y * image.width;
    for (let x = 0; x < width; x++) {
      const start = (row + first[x]) * channels;
      const weight = x * stride;
      const taps = count[x];
      for (let c = 0; c < channels; c++) {
        let sum = HALF;
        for (let k = 0, from = start + c; k < taps; k++, from += channels) {
          sum = (sum + Math.imul(data[from], weights[weight + k])) | 0;
        }
        out[to++] = clampToByte(sum);
      }
    }
  }
  return { width, height, channels, data: out };
}

function resampleHeight(image: Image, height: number, filter: Filter): Image {
  const { width, channels, data } = image;
  const { first, count, weights, stride } = weightsOf(image.height, height, filter);
  const rowBytes = width * channels;
  const out = new Uint8Array(height * rowBytes);
  const sums = new Int32Array(rowBytes);
  for (let y = 0; y < height; y++) {
    sums.fill(HALF);
    for (let k = 0; k < count[y]; k++) {
      const weight = weights[y * stride + k];
      const row = (first[y] + k) * rowBytes;
      for (let i = 0; i < rowBytes; i++) sums[i] += Math.imul(data[row + i], weight);
    }
    for (let i = 0; i < rowBytes; i++) out[y * rowBytes + i] = clampToByte(sums[i]);
  }
  return { width, height, channels, data: out };
}

/** Resamples a valid image to a valid size. The order of the passes is Pillow 13's, because it changes the rounding. */
export function resample(
  image: Image,
  width: number,
  height: number,
  filterName: keyof typeof FILTERS,
): Image {
  const filter = FILTERS[filterName];
  const removedRows = image.height - height;
  const heightFirst = removedRows > 0 && removedRows > (image.width - width) * 2;
  let result = image;
  if (heightFirst) result = resampleHeight(result, height, filter);
  if (width !== image.width) result = resampleWidth(result, width, filter);
  if (height !== result.height) result = resampleHeight(result, height, filter);
  return result;
}
