import { checkBytes } from "./_bytes_argument.ts";
import { FewbitError } from "../errors.ts";
import { foreignFile } from "../foreign_file.ts";
import { type DType, DTYPE_BYTES, type Tensor } from "../tensor.ts";
import { inflate } from "./inflate.ts";
import { checkMaxBytes } from "./_max_bytes.ts";
import { checkedElementCount, swapByteOrder, tensorFromBytes } from "./tensor_bytes.ts";

/** Element types by their code in the third byte. */
const IDX_DTYPES: ReadonlyMap<number, DType> = new Map([
  [0x08, "u8"],
  [0x09, "i8"],
  [0x0b, "i16"],
  [0x0c, "i32"],
  [0x0d, "f32"],
  [0x0e, "f64"],
]);

/** Options for {@linkcode readIdx}. */
export interface ReadIdxOptions {
  /**
   * Most bytes that a compressed file may grow to.
   *
   * @default {1_073_741_824}
   */
  readonly maxBytes?: number;
}

/**
 * Reads an IDX file, the format of the MNIST data sets, compressed with gzip or not.
 *
 * @example
 * ```ts
 * import { readFile } from "node:fs/promises";
 * import { readIdx } from "@fewbit/fewbit";
 *
 * const images = await readIdx(await readFile("t10k-images-idx3-ubyte.gz"));
 * console.log(images.shape); // [10000, 28, 28]
 * ```
 *
 * @param bytes The whole file.
 */
export async function readIdx(bytes: Uint8Array, options: ReadIdxOptions = {}): Promise<Tensor> {
  checkBytes("idx", bytes);
  const maxBytes = checkMaxBytes(options.maxBytes);
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  return parseIdx(isGzip ? await inflate("idx", bytes, "gzip", maxBytes) : bytes);
}

function parseIdx(bytes: Uint8Array): Tensor {
  if (bytes.length < 4 || bytes[0] !== 0 || bytes[1] !== 0) {
    throw invalid(
      foreignFile(bytes) ?? "it does not start with two bytes of zero, a type and a rank",
    );
  }
  const dtype = IDX_DTYPES.get(bytes[2]);
  if (dtype === undefined) throw invalid(`element type ${bytes[2]} is unknown`);
  const rank = bytes[3];
  const dataStart = 4 + 4 * rank;
  if (dataStart > bytes.length) {
    throw invalid(`the extents of rank ${rank} exceed the file's ${bytes.length} bytes`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  const size = checkedElementCount("idx", shape) * DTYPE_BYTES[dtype];
  if (bytes.length - dataStart !== size) {
    throw invalid(
      `it has ${bytes.length - dataStart} bytes of data, expected ${size} for [${shape}]`,
    );
  }
  const stored = bytes.subarray(dataStart);
  // IDX is big-endian.
  const data = DTYPE_BYTES[dtype] === 1 ? stored : swapByteOrder(stored, DTYPE_BYTES[dtype]);
  return tensorFromBytes("idx", dtype, shape, data);
}

function invalid(problem: string): FewbitError {
  return new FewbitError("invalid_file", `Cannot read idx: ${problem}`);
}
