import { unaryGradient } from "../../graph/ops/mod.ts";
import type { GradientRule } from "../rule.ts";

/** `dy·f'(x)`. */
export const unaryRule: GradientRule<"Unary"> = (
  { graph },
  { inputs: { x }, attributes: { kind } },
  { y },
) => ({
  x: () => graph.apply(unaryGradient, { x, dy: y! }, { kind }),
});
