import { expectDtype, expectShape, sameShape } from "../extent.ts";
import type { TrainingOp } from "../op.ts";

/** The gradients of `NormalizeBatch` in x, scale and bias. */
export const normalizeBatchGradient: TrainingOp<
  "NormalizeBatchGradient",
  "x" | "mean" | "inverse" | "scale" | "dy",
  Record<never, never>,
  "dx" | "dscale" | "dbias"
> = {
  name: "NormalizeBatchGradient",
  training: true,
  inputs: ["x", "mean", "inverse", "scale", "dy"],
  infer({ x, dy, ...columns }) {
    const all = [x, dy, ...Object.values(columns)];
    for (const value of all) expectDtype(value, ["f32"], "NormalizeBatchGradient");
    const column = { dtype: "f32", shape: x.shape.slice(1) } as const;
    const fits = sameShape(x.shape, dy.shape) &&
      Object.values(columns).every(({ shape }) => sameShape(shape, column.shape));
    expectShape(x.shape.length === 2 && fits, "NormalizeBatchGradient", all);
    return { dx: { dtype: "f32", shape: x.shape }, dscale: column, dbias: column };
  },
};
