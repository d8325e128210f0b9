/** Float32 ops to instructions. */
import { FewbitError } from "../../errors.ts";
import type { Value } from "../../graph/graph.ts";
import type { NodeNamed, OpName } from "../../graph/op_names.ts";
import { float32, relativePositions } from "../constants.ts";
import type { Lowering } from "../lowering.ts";
import { cannotCompile } from "../rule.ts";
import type { RulesOf } from "../rule.ts";
import { emitScores, emitValues } from "./trained_attention.ts";
import { emitTrainedLinear, emitUnary } from "./trained.ts";

/** Rules of float32 ops. */
export const FLOAT_RULES = {
  // `expandActivations` makes others of it, but in programs that train.
  Activation(lowering, node) {
    const { attributes: { kind }, inputs: { x }, outputs: { y } } = node;
    if (!lowering.options.training) cannotCompile(lowering, node);
    emitUnary(lowering, x, y, kind);
  },
  Add(lowering, { inputs: { a, b }, outputs: { y } }) {
    lowering.emit(y, "add_f32", {
      a: lowering.operand(a),
      b: lowering.operand(b),
      y: lowering.result(y),
    });
  },
  // Part of the instruction of the values, but in programs that train.
  AttentionScores(lowering, node) {
    if (!lowering.options.training) cannotCompile(lowering, node);
    emitScores(lowering, node);
  },
  AttentionValues(lowering, node) {
    if (!lowering.options.training) {
      throw new FewbitError("unsupported", "Attention other than softmax(q·k + bias)·v");
    }
    emitValues(lowering, node);
  },
  Gelu(lowering, { inputs: { x }, outputs: { y } }) {
    lowering.emit(y, "gelu_f32", { x: lowering.operand(x), y: lowering.result(y) });
  },
  LayerNormalization(lowering, { inputs, attributes: { epsilon }, outputs: { y } }) {
    lowering.emit(y, "layer_norm_f32", {
      x: lowering.operand(inputs.x),
      gamma: lowering.operand(inputs.scale),
      beta: lowering.optional(inputs.bias),
      epsilon: float32(lowering, epsilon),
      y: lowering.result(y),
    });
  },
  Linear(lowering, node) {
    emitLinear(lowering, node, node.outputs.y);
  },
  RelativePositionBias(lowering, { inputs: { table, index }, outputs: { y } }) {
    const rows = lowering.elements(table);
    const pairs = lowering.elements(index);
    const view = lowering.literal(`relative ${y.id}`, () => relativePositions(rows, pairs));
    lowering.alias(y, lowering.placedLiteral(view, y.shape));
  },
  Softmax(lowering, { inputs: { x, mask }, outputs: { y } }) {
    if (mask !== undefined) throw new FewbitError("unsupported", "Softmax with a mask");
    lowering.emit(y, "softmax_f32", { x: lowering.operand(x), y: lowering.result(y) });
  },
} satisfies Partial<RulesOf<OpName>>;

/** Adds a linear layer whose result, maybe with a residual, is `y`. */
export function emitLinear(
  lowering: Lowering,
  { inputs: { x, weight, bias } }: NodeNamed<"Linear">,
  y: Value,
  identity?: Value,
): void {
  if (lowering.options.training && !lowering.graph.constants.has(weight.id)) {
    return emitTrainedLinear(lowering, { x, weight, bias }, y);
  }
  lowering.emit(y, "linear_f32", {
    x: lowering.operand(x),
    weight: lowering.weight(weight, "panel_8"),
    bias: lowering.optional(bias),
    identity: lowering.optional(identity),
    y: lowering.result(y),
  }, { precision: lowering.options.fast ? 1 : 0 });
}
