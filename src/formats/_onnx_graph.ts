import { FewbitError } from "../errors.ts";
import { tensorOf } from "../tensor.ts";
import type { Tensor } from "../tensor.ts";
import { readOnnxAttribute } from "./_onnx_attribute.ts";
import { readOnnxTensor } from "./_onnx_tensor.ts";
import { readOnnxValueInfo } from "./_onnx_value_info.ts";
import type { ProtobufReader } from "./_protobuf.ts";
import { quote } from "./quote.ts";
import type { OnnxAttribute, OnnxGraph, OnnxNode, OnnxValueInfo } from "./onnx_model.ts";

/** Reads a `GraphProto`. */
export function readOnnxGraph(reader: ProtobufReader): OnnxGraph {
  let name = "";
  const nodes: OnnxNode[] = [];
  const initializers = new Map<string, Tensor>();
  const inputs: OnnxValueInfo[] = [];
  const outputs: OnnxValueInfo[] = [];
  const valueInfos: OnnxValueInfo[] = [];
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) nodes.push(readNode(reader.message()));
    else if (field === 2) name = reader.string();
    else if (field === 5) addInitializer(initializers, reader.message());
    else if (field === 11) inputs.push(readOnnxValueInfo(reader.message()));
    else if (field === 12) outputs.push(readOnnxValueInfo(reader.message()));
    else if (field === 13) valueInfos.push(readOnnxValueInfo(reader.message()));
    else if (field === 15) {
      throw new FewbitError("unsupported", "Cannot read ONNX: a graph has a sparse initializer");
    } else reader.skip();
  }
  return { name, nodes, initializers, inputs, outputs, valueInfos };
}

/** The domain of ONNX itself has two names, of which the empty string is the usual one. */
export function normalizeDomain(domain: string): string {
  return domain === "ai.onnx" ? "" : domain;
}

function addInitializer(initializers: Map<string, Tensor>, reader: ProtobufReader): void {
  const { name, dtype, shape, data } = readOnnxTensor(reader);
  if (initializers.has(name)) {
    throw new FewbitError(
      "invalid_file",
      `Cannot read ONNX: the initializer ${quote(name)} exists twice`,
    );
  }
  initializers.set(name, tensorOf(dtype, shape, data));
}

function readNode(reader: ProtobufReader): OnnxNode {
  let name = "";
  let opType = "";
  let domain = "";
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes = new Map<string, OnnxAttribute>();
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) inputs.push(reader.string());
    else if (field === 2) outputs.push(reader.string());
    else if (field === 3) name = reader.string();
    else if (field === 4) opType = reader.string();
    else if (field === 5) attributes.set(...readOnnxAttribute(reader.message(), readOnnxGraph));
    else if (field === 7) domain = normalizeDomain(reader.string());
    else reader.skip();
  }
  return { name, opType, domain, inputs, outputs, attributes };
}
