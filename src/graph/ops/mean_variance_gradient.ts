import { expectDtype, expectShape, sameShape } from "../extent.ts";
import type { TrainingOp } from "../op.ts";

/** The gradient of `MeanVarianceNormalization` in x, from its y and inverse. */
export const meanVarianceGradient: TrainingOp<
  "MeanVarianceGradient",
  "normalized" | "inverse" | "dy",
  { center?: boolean }
> = {
  name: "MeanVarianceGradient",
  training: true,
  inputs: ["normalized", "inverse", "dy"],
  infer({ normalized, inverse, dy }) {
    const inputs = [normalized, inverse, dy];
    for (const value of inputs) expectDtype(value, ["f32"], "MeanVarianceGradient");
    const { shape } = normalized;
    const fits = sameShape(shape, dy.shape) &&
      sameShape(inverse.shape, [...shape.slice(0, -2), ...shape.slice(-1)]);
    expectShape(fits, "MeanVarianceGradient", inputs);
    return { y: { dtype: "f32", shape } };
  },
};
