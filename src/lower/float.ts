/** Float32 ops to instructions. */
import { FewbitError } from "../errors.ts";
import { sameShape } from "../graph/extent.ts";
import type { Node, Value } from "../graph/graph.ts";
import { float32, relativePositions } from "./_constants.ts";
import type { Lowering } from "./_lowering.ts";

/** Lowers a float32 op; returns whether the node is one. */
export function lowerFloat(lowering: Lowering, node: Node): boolean {
  const { op, inputs: [x, second, third], attributes, output } = node;
  const precision = lowering.options.fast ? 1 : 0;
  switch (op) {
    case "Linear":
      emitLinear(lowering, node, output, undefined);
      return true;
    case "LayerNormalization":
      lowering.emit(output, "layer_norm_f32", {
        x: lowering.operand(x!),
        gamma: lowering.operand(second!),
        beta: lowering.optional(third),
        epsilon: float32(lowering, attributes.epsilon as number),
        y: lowering.result(output),
      });
      return true;
    case "Softmax":
      if (second !== undefined) throw new FewbitError("unsupported", "Softmax with a mask");
      lowering.emit(output, "softmax_f32", { x: lowering.operand(x!), y: lowering.result(output) });
      return true;
    case "Gelu":
      lowering.emit(output, "gelu_f32", { x: lowering.operand(x!), y: lowering.result(output) });
      return true;
    case "Add": {
      const linear = linearOf(lowering, node);
      if (linear !== undefined) emitLinear(lowering, linear, output, second);
      else {
        lowering.emit(output, "add_f32", {
          a: lowering.operand(x!),
          b: lowering.operand(second!),
          y: lowering.result(output),
        });
      }
      return true;
    }
    case "AttentionValues": {
      const chain = attentionChain(lowering, node);
      if (chain === undefined) {
        throw new FewbitError("unsupported", "Attention other than softmax(q·k + bias)·v");
      }
      const { scores, bias, softmax } = chain;
      lowering.emit(output, "attention_f32", {
        q: lowering.operand(scores.inputs[0]!),
        k: lowering.operand(scores.inputs[1]!),
        v: lowering.operand(second!),
        scale: float32(lowering, scores.attributes.scale as number),
        bias: lowering.optional(bias),
        mask: lowering.optional(softmax.inputs[1]),
        y: lowering.result(output),
      }, { heads: scores.attributes.heads as number, precision });
      return true;
    }
    case "RelativePositionBias": {
      const table = lowering.elements(x!);
      const index = lowering.elements(second!);
      const key = `relative ${output.id}`;
      const view = lowering.literal(key, () => relativePositions(table, index));
      lowering.alias(output, lowering.placedLiteral(view, output.shape));
      return true;
    }
    default:
      return false;
  }
}

/** Nodes that a later float32 node takes into its instruction. */
export function absorbedByFloat(lowering: Lowering, node: Node): Node[] {
  if (node.op === "Add") {
    const linear = lowering.options.fuse ? linearOf(lowering, node) : undefined;
    return linear === undefined ? [] : [linear];
  }
  return node.op === "AttentionValues" ? attentionChain(lowering, node)?.nodes ?? [] : [];
}

function linearOf(lowering: Lowering, node: Node): Node | undefined {
  const [a, b] = node.inputs;
  if (!lowering.options.fuse || !sameShape(a!.shape, b!.shape)) return undefined;
  return lowering.only(a, "Linear");
}

function emitLinear(
  lowering: Lowering,
  { inputs: [x, weight, bias] }: Node,
  output: Value,
  identity: Value | undefined,
): void {
  lowering.emit(output, "linear_f32", {
    x: lowering.operand(x!),
    weight: lowering.weight(weight!, "panel_8"),
    bias: lowering.optional(bias),
    identity: lowering.optional(identity),
    y: lowering.result(output),
  }, { precision: lowering.options.fast ? 1 : 0 });
}

function attentionChain(
  lowering: Lowering,
  node: Node,
): { nodes: Node[]; scores: Node; bias: Value | undefined; softmax: Node } | undefined {
  const softmax = lowering.only(node.inputs[0], "Softmax");
  const add = lowering.only(softmax?.inputs[0], "Add");
  const scores = lowering.only(add?.inputs[0] ?? softmax?.inputs[0], "AttentionScores");
  if (softmax === undefined || scores === undefined) return undefined;
  const nodes = [softmax, scores];
  if (add !== undefined) nodes.push(add);
  return { nodes, scores, bias: add?.inputs[1], softmax };
}
