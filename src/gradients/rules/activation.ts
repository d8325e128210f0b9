import { FewbitError } from "../../errors.ts";
import { unaryGradient } from "../../graph/ops/mod.ts";
import { UNARY_FUNCTIONS } from "../../instructions/unary_functions.ts";
import type { GradientRule } from "../rule.ts";
import { operandOf } from "./_activation_operand.ts";

/** `dy·f'(x)`. */
export const activationGradient: GradientRule<"Activation"> = (
  { graph },
  { inputs: { x }, attributes, outputs },
  { y },
) => ({
  x: () => {
    const kind = UNARY_FUNCTIONS.find((name) => name === attributes.kind);
    if (kind !== undefined) {
      const operand = operandOf(graph, kind, x, outputs.y);
      return graph.apply(unaryGradient, { x: operand, dy: y! }, { kind });
    }
    throw new FewbitError("unsupported", `Cannot differentiate the activation ${attributes.kind}`);
  },
});
