import { expectShape, sameShape } from "../extent.ts";
import type { TrainingOp } from "../op.ts";
import { pooledShape, windowsOf } from "../pooling.ts";
import type { PoolingAttributes } from "../pooling.ts";

/** The gradient of `MaxPool` in x, which goes to the first of the largest of each window. */
export const maxPoolGradient: TrainingOp<
  "MaxPoolGradient",
  "x" | "dy",
  PoolingAttributes & { dilations?: readonly number[] }
> = {
  name: "MaxPoolGradient",
  training: true,
  inputs: ["x", "dy"],
  infer({ x, dy }, attributes) {
    const shape = pooledShape(x, windowsOf(x, attributes, "MaxPoolGradient"));
    expectShape(sameShape(dy.shape, shape), "MaxPoolGradient", [x, dy]);
    return { y: { dtype: "f32", shape: x.shape } };
  },
};
