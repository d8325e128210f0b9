import { FewbitError } from "../errors.ts";
import { type DType, DTYPE_BYTES, type Tensor, tensorOf, viewAs } from "../tensor.ts";

/** Largest rank that a file may name; PyTorch and NumPy stop at 64 as well. */
const MAX_RANK = 64;

/** Refuses a rank beyond the limit of 64. */
export function checkRank(format: string, rank: number): void {
  if (rank > MAX_RANK) {
    throw new FewbitError("unsupported", `Cannot read ${format}: rank ${rank} exceeds ${MAX_RANK}`);
  }
}

/**
 * Number of elements of a shape that came from a file, checked.
 *
 * @param format Name of the format, for the message.
 * @param shape The extents as they were read, not yet trusted.
 * @returns The product; extents beside an extent of 0 are held to the same limit.
 */
export function checkedElementCount(format: string, shape: readonly number[]): number {
  checkRank(format, shape.length);
  let product = 1;
  for (const extent of shape) {
    if (!Number.isSafeInteger(extent) || extent < 0) {
      throw new FewbitError(
        "invalid_file",
        `Cannot read ${format}: an extent is not an integer from 0 to 2^53 - 1`,
      );
    }
    product *= extent || 1;
    if (!Number.isSafeInteger(product)) {
      throw new FewbitError(
        "invalid_file",
        `Cannot read ${format}: a shape of rank ${shape.length} has more than 2^53 - 1 elements`,
      );
    }
  }
  return shape.includes(0) ? 0 : product;
}

/**
 * Makes a tensor of the little-endian bytes of its elements, without a copy where they are aligned.
 *
 * @param format Name of the format, for the message.
 * @param bytes Exactly the bytes of the elements.
 */
export function tensorFromBytes(
  format: string,
  dtype: DType,
  shape: readonly number[],
  bytes: Uint8Array,
): Tensor {
  const size = DTYPE_BYTES[dtype];
  const aligned = bytes.byteOffset % size === 0 ? bytes : copyBytes(bytes);
  const data = viewAs(dtype, aligned);
  if (dtype === "bool" && bytes.some(isNotBoolean)) {
    throw new FewbitError("invalid_file", `Cannot read ${format}: a boolean is neither 0 nor 1`);
  }
  return tensorOf(dtype, shape, data);
}

/** Copies bytes. `slice` would not: it gives a view where the bytes are a `Buffer` of Node. */
export function copyBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}

/** Copies bytes with the byte order of each element reversed. */
export function swapByteOrder(bytes: Uint8Array, elementBytes: number): Uint8Array {
  const swapped = copyBytes(bytes);
  for (let at = 0; at < swapped.length; at += elementBytes) {
    swapped.subarray(at, at + elementBytes).reverse();
  }
  return swapped;
}

function isNotBoolean(byte: number): boolean {
  return byte > 1;
}
