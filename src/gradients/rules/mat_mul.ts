import { product } from "../../graph/extent.ts";
import type { Value } from "../../graph/graph.ts";
import { matMul } from "../../graph/ops/mod.ts";
import type { NodeBuilder } from "../../graph/node_builder.ts";
import type { GradientRule } from "../rule.ts";

/**
 * `y = a·b`: `dy·bᵀ` and `aᵀ·dy`. `y = a·bᵀ`: `dy·b` and `dyᵀ·a`. `y = aᵀ·b`: `b·dyᵀ` and `a·dy`. A matrix that
 * served the whole batch gets the sum over it.
 */
export const matMulGradient: GradientRule<"MatMul"> = (
  build,
  { inputs: { a, b }, attributes: { transposeA = false, transposeB = false } },
  { y },
) => {
  const multiply = (
    a: Value,
    b: Value,
    attributes: { transposeA?: boolean; transposeB?: boolean },
  ) => build.graph.apply(matMul, { a, b }, attributes);
  const dy = y!;
  return {
    a: () =>
      summed(
        build,
        transposeA
          ? multiply(b, dy, { transposeB: true })
          : multiply(dy, b, { transposeB: !transposeB }),
        a,
      ),
    b: () =>
      summed(
        build,
        transposeB
          ? multiply(dy, a, { transposeA: true })
          : multiply(a, dy, { transposeA: !transposeA }),
        b,
      ),
  };
};

/** The gradient of a matrix, over the batch where it was one for all. */
function summed(build: NodeBuilder, gradient: Value, { shape }: Value): Value {
  if (gradient.shape.length === shape.length) return gradient;
  const batch = product(gradient.shape.slice(0, -2));
  const planes = build.reshape(gradient, [batch, product(shape)]);
  return build.reshape(build.sumTo(planes, [product(shape)]), shape);
}
