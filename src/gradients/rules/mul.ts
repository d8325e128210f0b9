import type { GradientRule } from "../rule.ts";

/** `dy·b` and `Σ dy·a`. */
export const mulGradient: GradientRule<"Mul"> = (build, { inputs: { a, b } }, { y }) => ({
  a: () => build.mul(y!, b),
  b: () => build.sumTo(build.mul(y!, a), b.shape),
});
