import type { Value } from "../../graph/graph.ts";
import { less, reduceSum } from "../../graph/ops/mod.ts";
import type { NodeBuilder } from "../../graph/node_builder.ts";
import type { GradientRule } from "../rule.ts";

/** `dy` where a is taken, and where b is; of equal ones a is. */
export const minGradient: GradientRule<"Min"> = (build, { inputs: { a, b } }, { y }) =>
  ofChoice(build, build.sub(a, b), b, y!);

/** `dy` where a is taken, and where b is; of equal ones a is. */
export const maxGradient: GradientRule<"Max"> = (build, { inputs: { a, b } }, { y }) =>
  ofChoice(build, build.scale(build.sub(a, b), -1), b, y!);

/** `dy` for the largest one; several that are equal get equal parts. */
export const reduceMaxGradient: GradientRule<"ReduceMax"> = (
  build,
  { inputs: { x }, outputs },
  { y },
) => ({
  x: () => {
    const { graph } = build;
    const length = x.shape[x.shape.length - 2];
    const isLess = graph.apply(less, { a: x, b: build.expand(outputs.y, length) });
    const isLargest = build.shift(build.scale(isLess, -1), 1);
    const part = build.div(y!, graph.apply(reduceSum, { x: isLargest }));
    return build.mul(isLargest, build.expand(part, length));
  },
});

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
