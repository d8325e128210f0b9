import {
  bytesOf,
  type DType,
  DTYPE_ARRAYS,
  DTYPE_BYTES,
  elementCount,
  type Tensor,
  tensorOf,
} from "../tensor.ts";

/** Elements as bit patterns, so that a copy cannot change the payload of a NaN. */
type Words = Uint8Array | Uint16Array | Uint32Array | BigUint64Array;

/** Distances in elements between neighbours along each axis of a dense row-major tensor. */
export function rowMajorStrides(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis];
  }
  return strides;
}

/** Whether elements that lie with these strides are dense and row-major. */
export function isRowMajor(shape: readonly number[], strides: readonly number[]): boolean {
  if (shape.includes(0)) return true;
  const dense = rowMajorStrides(shape);
  return shape.every((extent, axis) => extent === 1 || strides[axis] === dense[axis]);
}

/**
 * Copies a strided view into a dense row-major tensor.
 *
 * @param bytes The elements from the first of the view on, aligned to the element size; the caller
 * has checked that every index of the view lies inside.
 * @param strides Distances in elements, not negative.
 */
export function copyStrided(
  dtype: DType,
  shape: readonly number[],
  strides: readonly number[],
  bytes: Uint8Array,
): Tensor {
  const size = DTYPE_BYTES[dtype];
  const count = elementCount(shape);
  const data = new DTYPE_ARRAYS[dtype](new ArrayBuffer(count * size), 0, count);
  if (count > 0) copyWords(words(size, bytes), words(size, bytesOf(data)), shape, strides);
  return tensorOf(dtype, shape, data);
}

function words(size: number, bytes: Uint8Array): Words {
  const length = Math.floor(bytes.length / size);
  if (size === 1) return new Uint8Array(bytes.buffer, bytes.byteOffset, length);
  if (size === 2) return new Uint16Array(bytes.buffer, bytes.byteOffset, length);
  if (size === 4) return new Uint32Array(bytes.buffer, bytes.byteOffset, length);
  return new BigUint64Array(bytes.buffer, bytes.byteOffset, length);
}

/** Walks the target in order, with an odometer over the axes for the place in the source. */
function copyWords(
  source: Words,
  target: Words,
  shape: readonly number[],
  strides: readonly number[],
): void {
  const index = new Array<number>(shape.length).fill(0);
  let from = 0;
  for (let to = 0; to < target.length; to++) {
    target[to] = source[from];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis];
      index[axis]++;
      if (index[axis] < shape[axis]) break;
      from -= strides[axis] * shape[axis];
      index[axis] = 0;
    }
  }
}
