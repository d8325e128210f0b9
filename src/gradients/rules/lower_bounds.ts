import { matMul, softmax, transpose } from "../../graph/ops/mod.ts";
import type { GradientRule } from "../rule.ts";
import { softmaxGradientOf } from "./softmax.ts";

/**
 * `β_l = Σ B_j, 1 ≤ j ≤ l`, of a softmax B over the layers: `dB_j = Σ dβ_l, l ≥ j`, for j ≥ 1, and `dB_0 = 0`; then the
 * gradient of the softmax.
 */
export const lowerBoundsGradient: GradientRule<"LowerBounds"> = (
  build,
  { inputs: { x } },
  { y },
) => ({
  x: () => {
    const layers = build.count(x.shape.slice(0, 1), "Layers");
    const turned = { perm: [1, 0] };
    const shares = build.graph.apply(softmax, { x: build.graph.apply(transpose, { x }, turned) });
    const reaches = Array.from(
      { length: layers * layers },
      (_, at) => at % layers >= 1 && Math.floor(at / layers) >= at % layers ? 1 : 0,
    );
    const dy = build.graph.apply(transpose, { x: y! }, turned);
    const sums = build.constant([layers, layers], reaches);
    const dshares = build.graph.apply(matMul, { a: dy, b: sums });
    return build.graph.apply(transpose, { x: softmaxGradientOf(build, shares, dshares) }, turned);
  },
});
