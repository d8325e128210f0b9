import { product } from "../../graph/extent.ts";
import { matMul } from "../../graph/ops/mod.ts";
import { sumOfRows } from "./_sum_of_rows.ts";
import type { GradientRule } from "../rule.ts";

/** `dy·weight`, `dyᵀ·x`, and the sum of the rows of dy. */
export const linearGradient: GradientRule<"Linear"> = (
  build,
  { inputs: { x, weight, bias } },
  { y },
) => {
  const rows = product(x.shape.slice(0, -1));
  const [n, k] = weight.shape;
  const dy = build.reshape(y!, [rows, n]);
  return {
    x: () => build.reshape(build.graph.apply(matMul, { a: dy, b: weight }), x.shape),
    weight: () =>
      build.graph.apply(matMul, { a: dy, b: build.reshape(x, [rows, k]) }, { transposeA: true }),
    ...bias !== undefined && { bias: () => sumOfRows(build, dy) },
  };
};
