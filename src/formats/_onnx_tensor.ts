import { FewbitError } from "../errors.ts";
import { type DType, DTYPE_ARRAYS, DTYPE_BYTES } from "../tensor.ts";
import type { NamedTensor } from "./onnx_model.ts";
import type { ProtobufReader } from "./_protobuf.ts";
import { quote } from "./quote.ts";
import { checkedElementCount, checkRank, tensorFromBytes } from "./tensor_bytes.ts";

/** Element types by their number in `TensorProto.DataType`: the name in ONNX, and ours. */
const ONNX_DTYPES: readonly (readonly [name: string, dtype?: DType])[] = [
  ["undefined"],
  ["float", "f32"],
  ["uint8", "u8"],
  ["int8", "i8"],
  ["uint16", "u16"],
  ["int16", "i16"],
  ["int32", "i32"],
  ["int64", "i64"],
  ["string"],
  ["bool", "bool"],
  ["float16", "f16"],
  ["double", "f64"],
  ["uint32", "u32"],
  ["uint64"],
  ["complex64"],
  ["complex128"],
  ["bfloat16", "bf16"],
  ["float8e4m3fn"],
  ["float8e4m3fnuz"],
  ["float8e5m2"],
  ["float8e5m2fnuz"],
  ["uint4"],
  ["int4"],
  ["float4e2m1"],
  ["float8e8m0"],
  ["uint2"],
  ["int2"],
];

/** `TensorProto.DataLocation.EXTERNAL` */
const EXTERNAL = 1;

/** The name of an element type in ONNX, and ours where there is one. */
export function onnxDType(code: number): { name: string; dtype: DType | undefined } {
  const [name, dtype] = ONNX_DTYPES[code] ?? [`element type ${code}`];
  return { name, dtype };
}

/** The parts of a `TensorProto` that are of use, as they come. */
class TensorFields {
  readonly dims: number[] = [];
  code = 0;
  name = "";
  raw: Uint8Array | undefined;
  readonly fixed: Record<4 | 8, Uint8Array[]> = { 4: [], 8: [] };
  readonly int32s: bigint[] = [];
  readonly int64s: bigint[] = [];
  readonly uint64s: bigint[] = [];
}

/** Reads a `TensorProto`. */
export function readOnnxTensor(reader: ProtobufReader): NamedTensor {
  const fields = readFields(reader);
  const { dims: shape, code, name } = fields;
  const { name: type, dtype } = onnxDType(code);
  if (dtype === undefined) {
    throw new FewbitError(
      "unsupported",
      `Cannot read ONNX: tensor ${quote(name)} has elements of ${type}`,
    );
  }
  const count = checkedElementCount("ONNX", shape);
  const bytes = fields.raw ?? typedBytes(fields, dtype);
  const size = count * DTYPE_BYTES[dtype];
  if (bytes.length !== size) {
    throw invalid(`tensor ${quote(name)} has ${bytes.length} bytes, expected ${size}`);
  }
  return { name, ...tensorFromBytes("ONNX", dtype, shape, bytes) };
}

function readFields(reader: ProtobufReader): TensorFields {
  const fields = new TensorFields();
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) readDims(reader, fields.dims);
    else if (field === 2) fields.code = reader.integer();
    else if (field === 4) fields.fixed[4].push(reader.fixed(4));
    else if (field === 5) append(fields.int32s, reader.int64s());
    else if (field === 7) append(fields.int64s, reader.int64s());
    else if (field === 8) fields.name = reader.string();
    else if (field === 9) fields.raw = reader.bytes();
    else if (field === 10) fields.fixed[8].push(reader.fixed(8));
    else if (field === 11) append(fields.uint64s, reader.int64s());
    else if (field === 3) throw unsupported("a tensor is split into segments");
    else if (field === 14 && reader.integer() === EXTERNAL) {
      throw unsupported("a tensor is stored in another file");
    } else if (field !== 14) reader.skip();
  }
  return fields;
}

function readDims(reader: ProtobufReader, dims: number[]): void {
  for (const extent of reader.int64s()) dims.push(Number(extent));
  checkRank("ONNX", dims.length);
}

/** The bytes of elements that are stored in the field for their type instead of as raw bytes. */
function typedBytes(fields: TensorFields, dtype: DType): Uint8Array {
  if (dtype === "f32") return concat(fields.fixed[4]);
  if (dtype === "f64") return concat(fields.fixed[8]);
  if (dtype === "i64") return new Uint8Array(BigInt64Array.from(fields.int64s).buffer);
  // Half floats are stored as integers, of their bits.
  const integers = dtype === "u32" ? fields.uint64s : fields.int32s;
  const bytes = new Uint8Array(integers.length * DTYPE_BYTES[dtype]);
  const data = new DTYPE_ARRAYS[dtype](bytes.buffer, 0, integers.length);
  integers.forEach((integer, index) => {
    data[index] = Number(integer);
    if (data[index] !== Number(integer)) {
      throw invalid(`tensor ${quote(fields.name)} has ${integer}, beyond the range of ${dtype}`);
    }
  });
  return bytes;
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0];
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** Appends without a spread, which would put all values on the stack. */
function append(target: bigint[], values: readonly bigint[]): void {
  for (const value of values) target.push(value);
}

function invalid(problem: string): FewbitError {
  return new FewbitError("invalid_file", `Cannot read ONNX: ${problem}`);
}

function unsupported(problem: string): FewbitError {
  return new FewbitError("unsupported", `Cannot read ONNX: ${problem}`);
}
