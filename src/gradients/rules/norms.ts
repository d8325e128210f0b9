import { FewbitError } from "../../errors.ts";
import { product } from "../../graph/extent.ts";
import type { Value } from "../../graph/graph.ts";
import {
  meanVarianceGradient,
  meanVarianceNormalization,
  normalizeBatchGradient,
} from "../../graph/ops/mod.ts";
import type { NodeBuilder } from "../../graph/node_builder.ts";
import type { GradientRule, MakeGradient } from "../rule.ts";

/**
 * `inverse·(dy − mean(dy) − y·mean(dy·y))`. The moments are there for running statistics: a loss that depends on
 * them other than through `Detach` is refused.
 */
export const meanVarianceRule: GradientRule<"MeanVarianceNormalization"> = (
  { graph },
  { attributes: { center = true }, outputs },
  { y, mean, variance, inverse },
) => {
  if (y === undefined || (mean ?? variance ?? inverse) !== undefined) {
    throw new FewbitError(
      "unsupported",
      "Cannot differentiate the moments of MeanVarianceNormalization: only its y, detach the others",
    );
  }
  return {
    x: () => {
      const inputs = { normalized: outputs.y, inverse: outputs.inverse, dy: y };
      return graph.apply(meanVarianceGradient, inputs, { center });
    },
  };
};

/** Mean and inverse are the moments of x: what flows through them is in the gradient of x. */
export const normalizeBatchRule: GradientRule<"NormalizeBatch"> = (
  { graph },
  { inputs: { x, mean, inverse, scale } },
  { y },
) => {
  let made: ReturnType<typeof all> | undefined;
  const all = () => graph.applyAll(normalizeBatchGradient, { x, mean, inverse, scale, dy: y! });
  const of = (name: "dx" | "dscale" | "dbias") => (): Value => (made ??= all())[name];
  return { x: of("dx"), scale: of("dscale"), bias: of("dbias") };
};

/** In evaluation mode: statistics are constants. */
export const batchNormalizationGradient: GradientRule<"BatchNormalization"> = (
  build,
  { inputs: { x, scale, bias, mean, variance }, attributes: { epsilon } },
  { y },
) => {
  const inverse = build.unary(build.shift(variance, epsilon), "rsqrt");
  return {
    x: () => build.mul(build.mul(y!, scale), inverse),
    scale: () => {
      const normalized = build.mul(build.sub(x, mean), inverse);
      return build.sumTo(build.mul(y!, normalized), scale.shape);
    },
    bias: () => build.sumTo(y!, bias.shape),
  };
};

/** Normalised rows are computed again: that costs less memory than they take. */
export const layerNormalizationGradient: GradientRule<"LayerNormalization"> = (
  build,
  { inputs: { x, scale, bias }, attributes: { epsilon } },
  { y },
) =>
  ofRows(build, x, scale, y!, { epsilon, center: true }, (gradients) => ({
    x: gradients.x,
    scale: gradients.scale,
    ...bias !== undefined && { bias: () => build.sumTo(y!, bias.shape) },
  }));

/** As of a LayerNorm without a mean. */
export const rmsNormalizationGradient: GradientRule<"RMSNormalization"> = (
  build,
  { inputs: { x, gamma }, attributes: { epsilon } },
  { y },
) =>
  ofRows(build, x, gamma, y!, { epsilon, center: false }, (gradients) => ({
    x: gradients.x,
    gamma: gradients.scale,
  }));

/** Gradients of `scale·normalised rows`. */
function ofRows<Gradients>(
  build: NodeBuilder,
  x: Value,
  scale: Value,
  dy: Value,
  attributes: { readonly epsilon: number; readonly center: boolean },
  named: (gradients: { readonly x: MakeGradient; readonly scale: MakeGradient }) => Gradients,
): Gradients {
  const columns = x.shape[x.shape.length - 1];
  const rows = [product(x.shape.slice(0, -1)), columns, 1];
  const { y: normalized, inverse } = build.graph.applyAll(
    meanVarianceNormalization,
    { x: build.reshape(x, rows) },
    attributes,
  );
  return named({
    x: () => {
      const scaled = build.reshape(build.mul(dy, scale), rows);
      const { center } = attributes;
      const inputs = { normalized, inverse, dy: scaled };
      const dx = build.graph.apply(meanVarianceGradient, inputs, { center });
      return build.reshape(dx, x.shape);
    },
    scale: () => build.sumTo(build.mul(dy, build.reshape(normalized, x.shape)), scale.shape),
  });
}
