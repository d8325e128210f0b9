import { FewbitError } from "../errors.ts";
import { type DType, DTYPE_BYTES, elementCount, type Tensor } from "../tensor.ts";
import { quote } from "./_quote.ts";
import { copyStrided, rowMajorStrides } from "./_strided.ts";
import { bytesOf, checkedElementCount, swapByteOrder, tensorFromBytes } from "./_tensor_bytes.ts";

/** NumPy's kind and size of an element. NumPy has no bfloat16. */
const NPY_DTYPES: ReadonlyMap<string, DType> = new Map([
  ["b1", "bool"],
  ["i1", "i8"],
  ["u1", "u8"],
  ["i2", "i16"],
  ["u2", "u16"],
  ["i4", "i32"],
  ["u4", "u32"],
  ["i8", "i64"],
  ["f2", "f16"],
  ["f4", "f32"],
  ["f8", "f64"],
]);

const NPY_NAMES = new Map([...NPY_DTYPES].map(([name, dtype]) => [dtype, name]));

/** The header is a Python dict whose keys NumPy writes in this order. */
const HEADER_PATTERN =
  /^\{ *'descr': *'([<>|=])(\w+)', *'fortran_order': *(True|False), *'shape': *\(([\dL, ]*)\),? *\}\s*$/;

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

/**
 * Reads an array that NumPy saved, of version 1, 2 or 3 and either byte order. An array in Fortran
 * order is transposed in memory to row-major; others view `bytes` where their alignment permits.
 *
 * @example
 * ```ts
 * import { readNpy } from "@fewbit/fewbit";
 *
 * const tensor = readNpy(await Deno.readFile("input.npy"));
 * console.log(tensor.dtype, tensor.shape);
 * ```
 *
 * @param bytes The whole file.
 */
export function readNpy(bytes: Uint8Array): Tensor {
  const { text, dataStart } = readHeaderText(bytes);
  const match = HEADER_PATTERN.exec(text);
  if (match === null) {
    throw new FewbitError(
      "unsupported",
      `Cannot read npy: the header ${quote(text)} is not that of a plain array`,
    );
  }
  const [, order, name, fortran, extents] = match;
  const dtype = NPY_DTYPES.get(name);
  if (dtype === undefined) {
    throw new FewbitError("unsupported", `Cannot read npy: the element type ${quote(name)}`);
  }
  const shape = parseShape(extents);
  const size = checkedElementCount("npy", shape) * DTYPE_BYTES[dtype];
  if (bytes.length - dataStart !== size) {
    throw invalid(`it has ${bytes.length - dataStart} bytes of data, expected ${size}`);
  }
  const stored = bytes.subarray(dataStart);
  const data = order === ">" ? swapByteOrder(stored, DTYPE_BYTES[dtype]) : stored;
  if (fortran === "False") return tensorFromBytes("npy", dtype, shape, data);
  const reversed = tensorFromBytes("npy", dtype, shape.toReversed(), data);
  const strides = rowMajorStrides(reversed.shape).reverse();
  return copyStrided(dtype, shape, strides, bytesOf(reversed.data));
}

/**
 * Writes a tensor as NumPy's version 1, in row-major order.
 *
 * @example
 * ```ts
 * import { writeNpy } from "@fewbit/fewbit";
 *
 * const bytes = writeNpy({ dtype: "f32", shape: [2], data: new Float32Array([1, 2]) });
 * await Deno.writeFile("output.npy", bytes);
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
    throw invalid("it does not start with the magic bytes of NumPy");
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = bytes[6];
  if (version < 1 || version > 3) {
    throw new FewbitError("unsupported", `Cannot read npy: version ${version}, expected 1 to 3`);
  }
  const headerStart = version === 1 ? 10 : 12;
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  const dataStart = headerStart + length;
  if (dataStart > bytes.length) {
    throw invalid(`header length ${length} exceeds the file's ${bytes.length} bytes`);
  }
  // A header of a plain array is ASCII; other bytes fail its pattern.
  const text = new TextDecoder().decode(bytes.subarray(headerStart, dataStart));
  return { text, dataStart };
}

/** Extents of a Python tuple: `3, 4` or `3,` or nothing, with or without Python 2's `L`. */
function parseShape(text: string): number[] {
  const parts = text.split(",").map((part) => part.trim());
  if (parts.at(-1) === "") parts.pop();
  return parts.map((part) => {
    if (!/^\d+L?$/.test(part)) throw invalid(`the shape (${quote(text)}) is not made of integers`);
    return parseInt(part, 10);
  });
}

function invalid(problem: string): FewbitError {
  return new FewbitError("invalid_file", `Cannot read npy: ${problem}`);
}
