import { dropout } from "../../graph/ops/mod.ts";
import type { GradientRule } from "../rule.ts";

/** The same elements are dropped again. */
export const dropoutGradient: GradientRule<"Dropout"> = (
  { graph },
  { inputs: { random }, attributes },
  { y },
) => ({
  x: () => graph.apply(dropout, { x: y!, random }, attributes),
});
