import { FewbitError } from "../errors.ts";
import { tensorOf } from "../tensor.ts";
import type { Tensor } from "../tensor.ts";
import { readOnnxTensor } from "./_onnx_tensor.ts";
import type { ProtobufReader } from "./_protobuf.ts";
import { quote } from "./quote.ts";
import type { OnnxAttribute, OnnxGraph } from "./onnx_model.ts";

/** The values of an `AttributeProto`, of which its type says which one counts. */
class AttributeFields {
  name = "";
  type = 0;
  float = 0;
  int = 0;
  string = "";
  tensor: Tensor | undefined;
  graph: OnnxGraph | undefined;
  readonly floats: number[] = [];
  readonly ints: number[] = [];
  readonly strings: string[] = [];
  readonly tensors: Tensor[] = [];
  readonly graphs: OnnxGraph[] = [];
}

/** Reads a `GraphProto`. */
type GraphReader = (reader: ProtobufReader) => OnnxGraph;

/**
 * Reads an `AttributeProto` as its name and value.
 *
 * @param readGraph Reads a graph in an attribute; given, because graphs have attributes themselves.
 */
export function readOnnxAttribute(
  reader: ProtobufReader,
  readGraph: GraphReader,
): [name: string, value: OnnxAttribute] {
  const fields = readFields(reader, readGraph);
  return [fields.name, selectValue(fields)];
}

function readFields(reader: ProtobufReader, readGraph: GraphReader): AttributeFields {
  const fields = new AttributeFields();
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) fields.name = reader.string();
    else if (field === 2) fields.float = reader.float();
    else if (field === 3) fields.int = reader.integer();
    else if (field === 4) fields.string = reader.string();
    else if (field === 5) fields.tensor = readTensor(reader);
    else if (field === 6) fields.graph = readGraph(reader.message());
    else if (field === 7) appendFloats(fields.floats, reader.fixed(4));
    else if (field === 8) { for (const int of reader.int64s()) fields.ints.push(Number(int)); }
    else if (field === 9) fields.strings.push(reader.string());
    else if (field === 10) fields.tensors.push(readTensor(reader));
    else if (field === 11) fields.graphs.push(readGraph(reader.message()));
    else if (field === 20) fields.type = reader.integer();
    else reader.skip();
  }
  return fields;
}

function readTensor(reader: ProtobufReader): Tensor {
  const { dtype, shape, data } = readOnnxTensor(reader.message());
  return tensorOf(dtype, shape, data);
}

function appendFloats(floats: number[], bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length; at += 4) floats.push(view.getFloat32(at, true));
}

/** The numbers are those of `AttributeProto.AttributeType`. */
function selectValue(fields: AttributeFields): OnnxAttribute {
  const { name, type } = fields;
  if (type === 1) return { type: "float", value: fields.float };
  if (type === 2) return { type: "int", value: fields.int };
  if (type === 3) return { type: "string", value: fields.string };
  if (type === 4) return { type: "tensor", value: present(fields.tensor, name) };
  if (type === 5) return { type: "graph", value: present(fields.graph, name) };
  if (type === 6) return { type: "floats", value: fields.floats };
  if (type === 7) return { type: "ints", value: fields.ints };
  if (type === 8) return { type: "strings", value: fields.strings };
  if (type === 9) return { type: "tensors", value: fields.tensors };
  if (type === 10) return { type: "graphs", value: fields.graphs };
  throw new FewbitError(
    "unsupported",
    `Cannot read ONNX: the attribute ${quote(name)} has type ${type}`,
  );
}

function present<T>(value: T | undefined, name: string): T {
  if (value === undefined) {
    throw new FewbitError(
      "invalid_file",
      `Cannot read ONNX: the attribute ${quote(name)} has no value`,
    );
  }
  return value;
}
