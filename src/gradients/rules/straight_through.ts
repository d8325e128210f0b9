import type { GradientRule } from "../rule.ts";

/** The gradient as it is. */
export const straightThroughGradient: GradientRule<"StraightThrough"> = (_, __, { y }) => ({
  x: () => y!,
});
