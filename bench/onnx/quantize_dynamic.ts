/**
 * A float32 model whose MatMuls with constant weights are int8, as onnxruntime's `quantize_dynamic`
 * writes them: the activations' u8 scale and zero point are found in every run.
 */
import { OnnxGraph } from "./graph.ts";
import type { OnnxNode, OnnxTensor } from "./graph.ts";
import { quantizeWeight } from "./quantize_weight.ts";

/** Quantises. */
export function quantizeDynamic(from: OnnxGraph): OnnxGraph {
  const to = new OnnxGraph();
  to.inputs.push(...from.inputs);
  to.outputs.push(...from.outputs);
  const weights = new Map<OnnxNode, OnnxTensor>();
  for (const node of from.nodes) {
    const weight = from.constants.get(node.inputs[1]);
    if (node.op === "MatMul" && weight !== undefined) weights.set(node, weight);
  }
  const used = new Set(from.nodes.flatMap((node) => weights.has(node) ? [] : node.inputs));
  for (const [name, tensor] of from.constants) if (used.has(name)) to.constants.set(name, tensor);
  for (const node of from.nodes) {
    const weight = weights.get(node);
    if (weight === undefined) to.nodes.push(node);
    else addMatMul(to, node, weight);
  }
  return to;
}

function addMatMul(to: OnnxGraph, { inputs: [x, w], outputs: [y] }: OnnxNode, weight: OnnxTensor) {
  const [k, n] = weight.dims;
  const { codes, scales } = quantizeWeight(weight.data as Float32Array, n, 1);
  to.constant(`${w}.q`, "int8", [k, n], codes);
  to.floats(`${w}.scale`, [n], scales);
  to.constant(`${w}.zero`, "int8", [n], new Int8Array(n));
  const grid = [`${x}.q`, `${x}.scale`, `${x}.zero`];
  if (!to.nodes.some(({ op, inputs }) => op === "DynamicQuantizeLinear" && inputs[0] === x)) {
    to.nodes.push({ op: "DynamicQuantizeLinear", inputs: [x], outputs: grid });
  }
  const product = to.node(
    "MatMulInteger",
    [grid[0], `${w}.q`, grid[2], `${w}.zero`],
    `${y}.integer`,
  );
  const real = to.node("Cast", [product], `${y}.cast`, { to: 1 });
  const scale = to.node("Mul", [grid[1], `${w}.scale`], `${y}.scale`);
  to.node("Mul", [real, scale], y);
}
