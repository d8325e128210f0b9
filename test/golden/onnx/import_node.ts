/** One node of ONNX as a graph of fewbit. */
import type { OnnxNode } from "../../../src/formats/onnx_model.ts";
import type { Tensor } from "../../../src/tensor.ts";
import { attention } from "./_attention.ts";
import { conv, convInteger, qLinearConv } from "./_conv.ts";
import * as float from "./_float.ts";
import { gemm, matMul, matMulInteger, qLinearMatMul } from "./_matmul.ts";
import { OneNode } from "./_one_node.ts";
import { dequantizeLinear, quantizeLinear } from "./_quantize.ts";

/** How each op of ONNX is expressed. */
const IMPORTERS: Readonly<Record<string, (node: OneNode) => void>> = {
  Add: float.add,
  Attention: attention,
  Conv: conv,
  ConvInteger: convInteger,
  DequantizeLinear: dequantizeLinear,
  Gather: float.gather,
  Gelu: float.gelu,
  Gemm: gemm,
  LayerNormalization: float.layerNormalization,
  MatMul: matMul,
  MatMulInteger: matMulInteger,
  QLinearConv: qLinearConv,
  QLinearMatMul: qLinearMatMul,
  QuantizeLinear: quantizeLinear,
  ReduceMean: float.reduceMean,
  Softmax: float.softmax,
  Transpose: float.transpose,
};

/** Builds the graph of a node with these inputs (`undefined` for one that is left out). */
export function importNode(node: OnnxNode, inputs: readonly (Tensor | undefined)[]): OneNode {
  const importer = IMPORTERS[node.opType];
  if (importer === undefined) throw new Error(`no op ${node.opType}`);
  const one = new OneNode(node, inputs);
  importer(one);
  return one;
}
