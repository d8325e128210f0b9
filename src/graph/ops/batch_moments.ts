import { expectNumber } from "../attribute.ts";
import { expectDtype, expectShape } from "../extent.ts";
import type { TrainingOp } from "../op.ts";

/** Moments of the columns of `[B, C]`: mean, biased variance, and `inverse = 1/√(variance + epsilon)`. */
export const batchMoments: TrainingOp<
  "BatchMoments",
  "x",
  { epsilon: number },
  "mean" | "variance" | "inverse"
> = {
  name: "BatchMoments",
  training: true,
  inputs: ["x"],
  infer({ x }, { epsilon }) {
    expectNumber(epsilon, "BatchMoments: epsilon", 0);
    expectDtype(x, ["f32"], "BatchMoments");
    expectShape(x.shape.length === 2, "BatchMoments", [x]);
    const moment = { dtype: "f32", shape: x.shape.slice(1) } as const;
    return { mean: moment, variance: moment, inverse: moment };
  },
};
