import type { GradientRule } from "../rule.ts";

/** `dy`, summed over what b repeats along. */
export const addGradient: GradientRule<"Add"> = (build, { inputs: { a, b } }, { y }) => ({
  a: () => build.sumTo(y!, a.shape),
  b: () => build.sumTo(y!, b.shape),
});
