import type { GradientRule } from "../rule.ts";

/** `dy / b` and `−Σ dy·y / b`. */
export const divGradient: GradientRule<"Div"> = (build, { inputs: { b }, outputs }, { y }) => ({
  a: () => build.div(y!, b),
  b: () => build.scale(build.sumTo(build.div(build.mul(y!, outputs.y), b), b.shape), -1),
});
