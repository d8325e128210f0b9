/** Ops of Llamas with ternary weights to instructions. */
import type { Value } from "../../graph/graph.ts";
import type { NodeNamed, OpName } from "../../graph/op_names.ts";
import type { Lowering } from "../lowering.ts";
import type { RulesOf } from "../rule.ts";

/** Rules of the ops of Llamas with ternary weights. */
export const TERNARY_LLAMA_RULES = {
  DequantizeRows(lowering, { inputs: { x, scale, alpha }, outputs: { y } }) {
    lowering.emit(y, "dequantize_rows_f32", {
      x: lowering.operand(x),
      scale: lowering.operand(scale),
      alpha: lowering.operand(alpha),
      y: lowering.result(y),
    });
  },
  EmbeddingScaled(lowering, { inputs: { table, scale, index }, outputs: { y } }) {
    lowering.emit(y, "embedding_scaled_f32", {
      table: lowering.weight(table, "panel_8x4"),
      scale: lowering.operand(scale),
      index: lowering.operand(index),
      y: lowering.result(y),
    });
  },
  LinearTernary(lowering, node) {
    emitLinearTernary(lowering, node, node.outputs.y);
  },
  QuantizeRows(lowering, { inputs: { x }, outputs: { q, alpha } }) {
    lowering.emit([q, alpha], "quantize_rows_i8", {
      x: lowering.operand(x),
      q: lowering.result(q),
      alpha: lowering.result(alpha),
    });
  },
  ReluSquaredGlu(lowering, { inputs: { gate, up }, outputs: { y } }) {
    lowering.emit(y, "relu_squared_glu_f32", {
      gate: lowering.operand(gate),
      up: lowering.operand(up),
      y: lowering.result(y),
    });
  },
} satisfies Partial<RulesOf<OpName>>;

/**
 * Adds a ternary layer that reads codes.
 *
 * @param identity What is added to the result.
 */
export function emitLinearTernary(
  lowering: Lowering,
  { inputs: { x, alpha, weight, weightScale } }: NodeNamed<"LinearTernary">,
  output: Value,
  identity?: Value,
): void {
  lowering.emit(output, "linear_ternary", {
    x: lowering.operand(x),
    alpha: lowering.operand(alpha),
    weight: lowering.weight(weight, "panel_8x16_t2"),
    weight_scale: lowering.operand(weightScale),
    identity: identity && lowering.operand(identity),
    y: lowering.result(output),
  });
}
