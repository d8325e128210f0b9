import { bitLinearFactors } from "../../graph/expand_bit_linear.ts";
import { product } from "../../graph/extent.ts";
import { matMul } from "../../graph/ops/mod.ts";
import type { GradientRule } from "../rule.ts";
import { normGradients } from "./norms.ts";

/**
 * Straight through (MatMul-free LM, FusedBitLinear): the product has the quantised factors `ŷ = q/alpha` and
 * `Ŵ = trits·scale`, and a rounding, a clamp and a scale are constants: `dW = dyᵀ·ŷ`, unmasked, and `dy·Ŵ` goes into the
 * norm. Codes and trits are made again, which costs less than keeping them.
 */
export const bitLinearGradient: GradientRule<"FusedBitLinear"> = (
  build,
  { inputs, attributes },
  { y },
) => {
  const { x, gamma, weight } = inputs;
  const { q, alpha, trits, scale } = bitLinearFactors(build, inputs, attributes);
  const rows = product(x.shape.slice(0, -1));
  const dy = build.reshape(y!, [rows, weight.shape[0]]);
  const normalized = build.reshape(
    build.graph.apply(matMul, { a: dy, b: build.mul(trits, scale) }),
    x.shape,
  );
  const { epsilon } = attributes;
  return {
    ...normGradients(build, x, gamma, normalized, { epsilon, center: false }, (made) => ({
      x: made.x,
      gamma: made.scale,
    })),
    weight: () =>
      build.graph.apply(matMul, { a: dy, b: build.div(q, alpha) }, { transposeA: true }),
  };
};
