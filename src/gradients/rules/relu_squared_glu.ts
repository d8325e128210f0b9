import { unaryGradient } from "../../graph/ops/mod.ts";
import type { GradientRule } from "../rule.ts";

/** `dy·up·2·max(gate, 0)` and `dy·max(gate, 0)²`. */
export const reluSquaredGluGradient: GradientRule<"ReluSquaredGlu"> = (
  build,
  { inputs: { gate, up } },
  { y },
) => ({
  gate: () => {
    const dy = build.mul(y!, up);
    return build.graph.apply(unaryGradient, { x: gate, dy }, { kind: "relu_squared" });
  },
  up: () => build.mul(y!, build.unary(gate, "relu_squared")),
});
