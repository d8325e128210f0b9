import { expectNumber } from "../attribute.ts";
import { expectDtype, expectShape } from "../extent.ts";
import type { Op } from "../op.ts";

/**
 * Normalises the last axis but one of `[…, B, C]`: `y = (x − mean)·inverse`, `inverse = 1/√(variance + epsilon)`,
 * with the biased variance. `center: false` leaves the mean out. What every norm is made of: reshapes choose the
 * axes, `Mul` and `Add` bring scale and bias.
 */
export const meanVarianceNormalization: Op<
  "MeanVarianceNormalization",
  "x",
  { epsilon: number; center?: boolean },
  "y" | "mean" | "variance" | "inverse"
> = {
  name: "MeanVarianceNormalization",
  inputs: ["x"],
  infer({ x }, { epsilon }) {
    expectNumber(epsilon, "MeanVarianceNormalization: epsilon", 0);
    expectDtype(x, ["f32"], "MeanVarianceNormalization");
    expectShape(x.shape.length >= 2, "MeanVarianceNormalization", [x]);
    const moment = {
      dtype: "f32",
      shape: [...x.shape.slice(0, -2), ...x.shape.slice(-1)],
    } as const;
    return { y: { dtype: "f32", shape: x.shape }, mean: moment, variance: moment, inverse: moment };
  },
};
