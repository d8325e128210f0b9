import { expectDtype, expectShape, sameShape } from "../extent.ts";
import type { TrainingOp } from "../op.ts";
import type { AveragePoolAttributes } from "./average_pool.ts";
import { pooledShape, windowsOf } from "../pooling.ts";

/** The adjoint of `AveragePool`, for pictures of the given rows and columns. */
export const averagePoolGradient: TrainingOp<
  "AveragePoolGradient",
  "dy",
  AveragePoolAttributes & { extents: readonly number[] }
> = {
  name: "AveragePoolGradient",
  training: true,
  inputs: ["dy"],
  infer({ dy }, { extents, ...attributes }) {
    expectDtype(dy, ["f32"], "AveragePoolGradient");
    expectShape(dy.shape.length === 4, "AveragePoolGradient", [dy]);
    const shape = [dy.shape[0], ...extents, dy.shape[3]];
    const windows = windowsOf({ ...dy, shape }, attributes, "AveragePoolGradient");
    const fits = sameShape(dy.shape, pooledShape({ ...dy, shape }, windows));
    expectShape(fits, "AveragePoolGradient", [dy]);
    return { y: { dtype: "f32", shape } };
  },
};
