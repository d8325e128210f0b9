import { checkBytes } from "./_bytes_argument.ts";
import { FewbitError } from "../errors.ts";
import { foreignFile } from "../foreign_file.ts";
import { bytesOf, DTYPE_BYTES, elementCount, type Tensor } from "../tensor.ts";
import { NPY_DTYPES, type NpyDType, npyDType } from "./_npy_dtype.ts";
import { parsePythonLiteral, type PythonLiteral, PythonTuple } from "./_python_literal.ts";
import { quote } from "./quote.ts";
import { copyStrided, rowMajorStrides } from "./_strided.ts";
import { checkedElementCount, swapByteOrder, tensorFromBytes } from "./tensor_bytes.ts";

const NPY_NAMES = new Map([...NPY_DTYPES].map(([name, dtype]) => [dtype, name]));

/** Longest header that NumPy reads from files that it does not trust. */
const MAX_HEADER_BYTES = 10_000;

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

/**
 * Reads an array that NumPy saved, of version 1, 2 or 3 and either byte order. An array in Fortran
 * order is transposed in memory to row-major; others view `bytes` where their alignment permits.
 *
 * @example
 * ```ts
 * import { readFile } from "node:fs/promises";
 * import { readNpy } from "@fewbit/fewbit";
 *
 * const tensor = readNpy(await readFile("input.npy"));
 * console.log(tensor.dtype, tensor.shape);
 * ```
 *
 * @param bytes The whole file.
 */
export function readNpy(bytes: Uint8Array): Tensor {
  checkBytes("npy", bytes);
  const { text, dataStart } = readHeaderText(bytes);
  const { dtype, bigEndian, isFortran, shape } = readHeader(text);
  const size = checkedElementCount("npy", shape) * DTYPE_BYTES[dtype];
  if (bytes.length - dataStart !== size) {
    throw invalid(`it has ${bytes.length - dataStart} bytes of data, expected ${size}`);
  }
  const stored = bytes.subarray(dataStart);
  const data = bigEndian ? swapByteOrder(stored, DTYPE_BYTES[dtype]) : stored;
  if (!isFortran) return tensorFromBytes("npy", dtype, shape, data);
  const reversed = tensorFromBytes("npy", dtype, shape.toReversed(), data);
  const strides = rowMajorStrides(reversed.shape).reverse();
  return copyStrided(dtype, shape, strides, bytesOf(reversed.data));
}

/**
 * Writes a tensor as NumPy's version 1, in row-major order.
 *
 * @example
 * ```ts
 * import { writeFile } from "node:fs/promises";
 * import { writeNpy } from "@fewbit/fewbit";
 *
 * const bytes = writeNpy({ dtype: "f32", shape: [2], data: new Float32Array([1, 2]) });
 * await writeFile("output.npy", bytes);
 * ```
 */
export function writeNpy({ dtype, shape, data }: Tensor): Uint8Array<ArrayBuffer> {
  const name = NPY_NAMES.get(dtype);
  if (name === undefined) {
    throw new FewbitError("unsupported", `Cannot write npy: NumPy has no element type ${dtype}`);
  }
  if (data.byteLength !== elementCount(shape) * DTYPE_BYTES[dtype]) {
    throw new FewbitError(
      "shape_mismatch",
      `Cannot write npy: the tensor has ${data.byteLength} bytes, ` +
        `expected ${elementCount(shape)} elements of ${dtype}`,
    );
  }
  const order = DTYPE_BYTES[dtype] === 1 ? "|" : "<";
  const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const header = `{'descr': '${order}${name}', 'fortran_order': False, 'shape': (${tuple}), }`;
  // The data starts at a multiple of 64, after spaces and a line feed.
  const dataStart = Math.ceil((10 + header.length + 1) / 64) * 64;
  const text = `${header.padEnd(dataStart - 11)}\n`;
  const file = new Uint8Array(dataStart + data.byteLength);
  file.set([...MAGIC, 1, 0, text.length & 0xff, text.length >> 8]);
  file.set(new TextEncoder().encode(text), 10);
  file.set(bytesOf(data), dataStart);
  return file;
}

function readHeaderText(bytes: Uint8Array): { text: string; dataStart: number } {
  if (bytes.length < 12 || MAGIC.some((byte, index) => bytes[index] !== byte)) {
    throw invalid(
      foreignFile(bytes, "npy") ?? "it does not start with the magic bytes of NumPy",
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [version, minor] = [bytes[6], bytes[7]];
  if (version < 1 || version > 3 || minor !== 0) {
    const given = minor === 0 ? version : `${version}.${minor}`;
    throw new FewbitError("unsupported", `Cannot read npy: version ${given}, expected 1 to 3`);
  }
  const headerStart = version === 1 ? 10 : 12;
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  const dataStart = headerStart + length;
  if (dataStart > bytes.length) {
    throw invalid(`header length ${length} exceeds the file's ${bytes.length} bytes`);
  }
  if (length > MAX_HEADER_BYTES) {
    throw new FewbitError(
      "limit_exceeded",
      `Cannot read npy: header length ${length}, expected at most ${MAX_HEADER_BYTES}`,
    );
  }
  // Latin-1 before version 3; a header of a plain array is ASCII.
  const text = new TextDecoder().decode(bytes.subarray(headerStart, dataStart));
  return { text, dataStart };
}

interface NpyHeader extends NpyDType {
  readonly isFortran: boolean;
  readonly shape: readonly number[];
}

/** The header is a Python dict of exactly three keys, in any order. */
function readHeader(text: string): NpyHeader {
  let header: PythonLiteral;
  try {
    header = parsePythonLiteral(text);
  } catch (cause) {
    throw invalid(`the header ${quote(text)} is no dict of Python`, cause);
  }
  const keys = header instanceof Map ? [...header.keys()].sort().join() : "";
  if (!(header instanceof Map) || keys !== "descr,fortran_order,shape") {
    throw invalid(`the header ${quote(text)} does not have descr, fortran_order and shape alone`);
  }
  const [descr, isFortran, shape] = ["descr", "fortran_order", "shape"].map((key) =>
    header.get(key)
  );
  if (typeof descr !== "string") {
    throw new FewbitError(
      "unsupported",
      `Cannot read npy: the header ${quote(text)} is not that of a plain array`,
    );
  }
  if (typeof isFortran !== "boolean") throw invalid("fortran_order is neither True nor False");
  const isExtent = (extent: PythonLiteral): extent is number => typeof extent === "number";
  if (!(shape instanceof PythonTuple) || !shape.items.every(isExtent)) {
    throw invalid(`the shape in ${quote(text)} is not made of integers`);
  }
  return { ...npyDType(descr), isFortran, shape: shape.items };
}

function invalid(problem: string, cause?: unknown): FewbitError {
  return new FewbitError("invalid_file", `Cannot read npy: ${problem}`, { cause });
}
