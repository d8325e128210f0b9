import { mul, rotary } from "../../graph/ops/mod.ts";
import type { GradientRule } from "../rule.ts";

/** The rotation back: by the same cosines and the opposite sines. */
export const rotaryGradient: GradientRule<"Rotary"> = (
  build,
  { inputs: { angles } },
  { y },
) => ({
  x: () => {
    const sign = build.constant([2, 1], [1, -1]);
    const back = build.graph.apply(mul, { a: angles, b: sign });
    return build.graph.apply(rotary, { x: y!, angles: back });
  },
});
