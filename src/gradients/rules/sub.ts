import type { GradientRule } from "../rule.ts";

/** `dy` and `−dy`. */
export const subGradient: GradientRule<"Sub"> = (build, { inputs: { b } }, { y }) => ({
  a: () => y!,
  b: () => build.scale(build.sumTo(y!, b.shape), -1),
});
