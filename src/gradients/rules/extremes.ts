import type { Value } from "../../graph/graph.ts";
import { less } from "../../graph/ops/mod.ts";
import type { NodeBuilder } from "../../graph/node_builder.ts";
import type { GradientRule } from "../rule.ts";

/** `dy` where a is taken, and where b is; of equal ones a is. */
export const minGradient: GradientRule<"Min"> = (build, { inputs: { a, b } }, { y }) =>
  ofChoice(build, build.sub(a, b), b, y!);

/** `dy` where a is taken, and where b is; of equal ones a is. */
export const maxGradient: GradientRule<"Max"> = (build, { inputs: { a, b } }, { y }) =>
  ofChoice(build, build.scale(build.sub(a, b), -1), b, y!);

/** Gradients where b was taken if `excess` is above 0. */
function ofChoice(
  build: NodeBuilder,
  excess: Value,
  b: Value,
  dy: Value,
): { readonly a: () => Value; readonly b: () => Value } {
  const takesB = (): Value =>
    build.graph.apply(less, { a: build.scale(excess, -1), b: build.scalar(0) });
  const toB = (): Value => build.mul(dy, takesB());
  return { a: () => build.sub(dy, toB()), b: () => build.sumTo(toB(), b.shape) };
}
