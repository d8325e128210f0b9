/** How much a node computes, by an estimate that needs no program. */
import { product } from "./extent.ts";
import type { Extent, Node, Value } from "./graph.ts";
import { isNode } from "./op_names.ts";
import { outputsOf } from "./traversal.ts";

/** Multiply-accumulates that take as long as moving an element through a function: about half a nanosecond. */
const ELEMENT = 8;

/** Work of a node in multiply-accumulates; what does not multiply counts its elements as some. */
export function nodeWork(node: Node): number {
  if (node.definition.isView === true && node.definition.writes === undefined) return 0;
  return sumsOf(node) + ELEMENT * Math.max(...outputsOf(node).map(sizeOf));
}

/** Multiply-accumulates of the sums of a node. */
function sumsOf(node: Node): number {
  if (isNode(node, "Conv")) return sizeOf(node.outputs.y) * perOutput(node.inputs.weight);
  // Of these each place of dy, which is as large as the output of the convolution, meets all taps.
  if (isNode(node, "ConvTranspose")) return sizeOf(node.inputs.x) * perOutput(node.inputs.weight);
  if (isNode(node, "ConvWeightGradient")) {
    return sizeOf(node.inputs.dy) * perOutput(node.outputs.y);
  }
  if (isNode(node, "Linear")) return sizeOf(node.outputs.y) * last(node.inputs.x);
  if (isNode(node, "MatMul")) {
    const { inputs: { a }, attributes: { transposeA = false }, outputs: { y } } = node;
    return sizeOf(y) * (transposeA ? numberOf(a.shape[a.shape.length - 2]) : last(a));
  }
  if (isNode(node, "AttentionScores")) return sizeOf(node.outputs.y) * last(node.inputs.q);
  if (isNode(node, "AttentionValues")) return sizeOf(node.outputs.y) * last(node.inputs.p);
  return 0;
}

/** Weights `[outputs, …]` of one output. */
function perOutput({ shape }: Value): number {
  return numberOf(product(shape.slice(1)));
}

function last({ shape }: Value): number {
  return numberOf(shape[shape.length - 1]);
}

/** Elements of a value; of what is chosen later, those of the factor. */
export function sizeOf({ shape }: Value): number {
  return numberOf(product(shape));
}

function numberOf(extent: Extent): number {
  return typeof extent === "number" ? extent : extent.factor + extent.plus;
}
