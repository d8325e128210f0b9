import { unaryGradient } from "../../graph/ops/mod.ts";
import type { GradientRule } from "../rule.ts";

/** `dy·up·SiLU'(gate)` and `dy·SiLU(gate)`. */
export const swigluGradient: GradientRule<"SwiGlu"> = (build, { inputs: { gate, up } }, { y }) => ({
  gate: () => {
    const dy = build.mul(y!, up);
    return build.graph.apply(unaryGradient, { x: gate, dy }, { kind: "silu" });
  },
  up: () => build.mul(y!, build.unary(gate, "silu")),
});
