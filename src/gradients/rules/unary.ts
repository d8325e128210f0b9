import { unaryGradient } from "../../graph/ops/mod.ts";
import type { GradientRule } from "../rule.ts";
import { operandOf } from "./_activation_operand.ts";

/** `dy·f'(x)`. */
export const unaryRule: GradientRule<"Unary"> = (
  { graph },
  { inputs: { x }, attributes: { kind }, outputs },
  { y },
) => ({
  x: () =>
    graph.apply(unaryGradient, { x: operandOf(graph, kind, x, outputs.y), dy: y! }, { kind }),
});
