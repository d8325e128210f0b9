import { checkBytes } from "./_bytes_argument.ts";
import { FewbitError } from "../errors.ts";
import { foreignFile } from "../foreign_file.ts";
import { normalizeDomain, readOnnxGraph } from "./_onnx_graph.ts";
import { readOnnxTensor } from "./_onnx_tensor.ts";
import { ProtobufReader } from "./_protobuf.ts";
import type { NamedTensor, OnnxGraph, OnnxModel } from "./onnx_model.ts";

/**
 * Reads an ONNX model with all its tensors. Operators are not interpreted. A model that keeps
 * tensors in other files, or has sparse tensors or functions of its own, is not supported.
 *
 * @example
 * ```ts
 * import { readFile } from "node:fs/promises";
 * import { readOnnx } from "./onnx.ts";
 *
 * const { graph } = readOnnx(await readFile("model.onnx"));
 * console.log(graph.nodes.map((node) => node.opType));
 * ```
 *
 * @param bytes The whole file, a `ModelProto`.
 */
export function readOnnx(bytes: Uint8Array): OnnxModel {
  checkBytes("ONNX", bytes);
  refuseForeign(bytes);
  const reader = new ProtobufReader(bytes);
  let irVersion = 0;
  let producerName = "";
  let graph: OnnxGraph | undefined;
  const opsetImports = new Map<string, number>();
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) irVersion = reader.integer();
    else if (field === 2) producerName = reader.string();
    else if (field === 7) graph = readOnnxGraph(reader.message());
    else if (field === 8) opsetImports.set(...readOpsetImport(reader.message()));
    else if (field === 25) {
      throw new FewbitError("unsupported", "Cannot read ONNX: the model has functions of its own");
    } else reader.skip();
  }
  if (graph === undefined) {
    throw new FewbitError("invalid_file", "Cannot read ONNX: the model has no graph");
  }
  return { irVersion, producerName, opsetImports, graph };
}

/**
 * Reads a tensor in a file of its own, such as the `input_0.pb` beside the tests of ONNX.
 *
 * @example
 * ```ts
 * import { readFile } from "node:fs/promises";
 * import { readTensorProto } from "./onnx.ts";
 *
 * const tensor = readTensorProto(await readFile("test_data_set_0/input_0.pb"));
 * console.log(tensor.name, tensor.shape);
 * ```
 *
 * @param bytes The whole file, a `TensorProto`.
 */
export function readTensorProto(bytes: Uint8Array): NamedTensor {
  checkBytes("ONNX tensor", bytes);
  refuseForeign(bytes);
  return readOnnxTensor(new ProtobufReader(bytes));
}

/** A message of ONNX has no first bytes of its own, but it begins with none of those of other formats. */
function refuseForeign(bytes: Uint8Array): void {
  const foreign = foreignFile(bytes);
  if (foreign === undefined) return;
  throw new FewbitError("invalid_file", `Cannot read ONNX: ${foreign}`);
}

function readOpsetImport(reader: ProtobufReader): [domain: string, version: number] {
  let domain = "";
  let version = 0;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) domain = normalizeDomain(reader.string());
    else if (field === 2) version = reader.integer();
    else reader.skip();
  }
  return [domain, version];
}
