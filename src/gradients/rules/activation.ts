import { FewbitError } from "../../errors.ts";
import { unaryGradient } from "../../graph/ops/mod.ts";
import { UNARY_FUNCTIONS } from "../../instructions/unary_functions.ts";
import type { GradientRule } from "../rule.ts";

/** `dy·f'(x)`. */
export const activationGradient: GradientRule<"Activation"> = (
  { graph },
  { inputs: { x }, attributes },
  { y },
) => ({
  x: () => {
    const kind = UNARY_FUNCTIONS.find((name) => name === attributes.kind);
    if (kind !== undefined) return graph.apply(unaryGradient, { x, dy: y! }, { kind });
    throw new FewbitError("unsupported", `Cannot differentiate the activation ${attributes.kind}`);
  },
});
