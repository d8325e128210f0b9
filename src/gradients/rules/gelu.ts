import { unaryGradient } from "../../graph/ops/mod.ts";
import type { GradientRule } from "../rule.ts";

/** `dy·(Φ(x) + x·φ(x))`. */
export const geluGradient: GradientRule<"Gelu"> = ({ graph }, { inputs: { x } }, { y }) => ({
  x: () => graph.apply(unaryGradient, { x, dy: y! }, { kind: "gelu" }),
});
