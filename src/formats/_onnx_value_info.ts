import type { DType } from "../tensor.ts";
import { onnxDType } from "./_onnx_tensor.ts";
import type { ProtobufReader } from "./_protobuf.ts";
import { checkRank } from "./tensor_bytes.ts";
import type { OnnxValueInfo } from "./onnx_model.ts";

type ValueType = Omit<OnnxValueInfo, "name">;

/** A value whose type the file does not tell, which is allowed between nodes. */
const UNKNOWN: ValueType = { type: "", dtype: undefined, shape: undefined };

/** Reads a `ValueInfoProto`. */
export function readOnnxValueInfo(reader: ProtobufReader): OnnxValueInfo {
  let name = "";
  let type = UNKNOWN;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) name = reader.string();
    else if (field === 2) type = readType(reader.message());
    else reader.skip();
  }
  return { name, ...type };
}

/** Reads a `TypeProto`, which has one of several kinds. */
function readType(reader: ProtobufReader): ValueType {
  let type = UNKNOWN;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) type = readTensorType(reader.message(), "tensor");
    else if (field === 4) type = readContainerType(reader.message(), "seq");
    else if (field === 5) type = readMapType(reader.message());
    else if (field === 8) type = readTensorType(reader.message(), "sparse_tensor");
    else if (field === 9) type = readContainerType(reader.message(), "optional");
    else reader.skip();
  }
  return type;
}

function readTensorType(reader: ProtobufReader, kind: "tensor" | "sparse_tensor"): ValueType {
  let element = onnxDType(0);
  let shape: OnnxValueInfo["shape"];
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) element = onnxDType(reader.integer());
    else if (field === 2) shape = readShape(reader.message());
    else reader.skip();
  }
  const dtype: DType | undefined = kind === "tensor" ? element.dtype : undefined;
  return { type: `${kind}(${element.name})`, dtype, shape };
}

function readContainerType(reader: ProtobufReader, kind: "seq" | "optional"): ValueType {
  let element = "";
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) element = readType(reader.message()).type;
    else reader.skip();
  }
  return { ...UNKNOWN, type: `${kind}(${element})` };
}

function readMapType(reader: ProtobufReader): ValueType {
  let key = "";
  let value = "";
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) key = onnxDType(reader.integer()).name;
    else if (field === 2) value = readType(reader.message()).type;
    else reader.skip();
  }
  return { ...UNKNOWN, type: `map(${key},${value})` };
}

function readShape(reader: ProtobufReader): (number | string | null)[] {
  const shape: (number | string | null)[] = [];
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) shape.push(readDimension(reader.message()));
    else reader.skip();
  }
  checkRank("ONNX", shape.length);
  return shape;
}

function readDimension(reader: ProtobufReader): number | string | null {
  let extent: number | string | null = null;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) {
      const value = reader.integer();
      // Some exporters write -1 for an extent that they do not know.
      extent = value < 0 ? null : value;
    } else if (field === 2) extent = reader.string() || null;
    else reader.skip();
  }
  return extent;
}
