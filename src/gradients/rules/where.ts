import { where } from "../../graph/ops/mod.ts";
import type { GradientRule } from "../rule.ts";

/** `dy` where a was taken, and where b was. */
export const whereGradient: GradientRule<"Where"> = (
  build,
  { inputs: { condition, b } },
  { y },
) => {
  const toA = () => build.graph.apply(where, { condition, a: y!, b: build.scalar(0) });
  return { a: toA, b: () => build.sumTo(build.sub(y!, toA()), b.shape) };
};
