/** Integer ops to instructions. */
import type { OpName } from "../../graph/op_names.ts";
import { accumulator, parameterName, requantization } from "../integer_operands.ts";
import type { Accumulator } from "../integer_operands.ts";
import type { Lowering } from "../lowering.ts";
import type { RulesOf } from "../rule.ts";

/** Rules of integer ops. */
export const INTEGER_RULES = {
  AttentionScoresInteger: accumulators,
  AttentionValuesInteger: accumulators,
  DequantizeLinear(lowering, { inputs: { x, scale, zeroPoint }, outputs: { y } }) {
    lowering.emit(y, "dequantize_linear", {
      x: lowering.operand(x),
      scale: lowering.operand(scale),
      zero_point: lowering.optional(zeroPoint),
      y: lowering.result(y),
    });
  },
  LayerNormInteger: accumulators,
  LinearInteger: accumulators,
  Lookup(lowering, { inputs: { x, table }, outputs: { y } }) {
    lowering.emit(y, "lookup", {
      x: lowering.operand(x),
      table: lowering.operand(table),
      y: lowering.result(y),
    });
  },
  QuantizeLinear(lowering, { inputs: { x, scale, zeroPoint }, outputs: { y } }) {
    lowering.emit(y, "quantize_linear", {
      x: lowering.operand(x),
      scale: lowering.operand(scale),
      zero_point: lowering.optional(zeroPoint),
      y: lowering.result(y),
    });
  },
  Requantize(lowering, node) {
    const { inputs: { x, identity, identityMultiplier, identityShift }, outputs: { y } } = node;
    lowering.emit(y, "requantize", {
      x: lowering.operand(x),
      ...requantization(lowering, node),
      identity: lowering.optional(identity),
      identity_multiplier: lowering.optional(identityMultiplier),
      identity_shift: lowering.optional(identityShift),
      y: lowering.result(y),
    });
  },
  ShiftGelu: accumulators,
  SoftmaxInteger(lowering, node) {
    const { inputs: { x, parameter, mask }, outputs: { y } } = node;
    lowering.emit(y, "softmax_i8", {
      x: lowering.operand(x),
      [parameterName(node)]: lowering.operand(parameter),
      mask: lowering.optional(mask),
      y: lowering.result(y),
    });
  },
} satisfies Partial<RulesOf<OpName>>;

/** Keeps the 32-bit sums. */
function accumulators(lowering: Lowering, node: Accumulator): void {
  const { name, operands, attributes } = accumulator(lowering, node);
  const { y } = node.outputs;
  lowering.emit(y, name, { ...operands, y: lowering.result(y) }, attributes);
}
