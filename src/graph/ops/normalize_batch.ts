import { expectDtype, expectShape, sameShape } from "../extent.ts";
import type { TrainingOp } from "../op.ts";

/**
 * `((x − mean)·inverse)·scale + bias` of `[B, C]`, where mean and inverse are the moments of x: gradients flow through these, too. One
 * step, so that what is kept in 16 bits is rounded once.
 */
export const normalizeBatch: TrainingOp<
  "NormalizeBatch",
  "x" | "mean" | "inverse" | "scale" | "bias"
> = {
  name: "NormalizeBatch",
  training: true,
  inputs: ["x", "mean", "inverse", "scale", "bias"],
  infer({ x, ...columns }) {
    const all = [x, ...Object.values(columns)];
    for (const value of all) expectDtype(value, ["f32"], "NormalizeBatch");
    const fits = Object.values(columns).every(({ shape }) => sameShape(shape, x.shape.slice(1)));
    expectShape(x.shape.length === 2 && fits, "NormalizeBatch", all);
    return { y: { dtype: "f32", shape: x.shape } };
  },
};
