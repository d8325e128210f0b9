import { expectDtype, expectShape, sameShape } from "../extent.ts";
import type { TrainingOp } from "../op.ts";
import { pooledShape, windowsOf } from "../pooling.ts";
import type { PoolingAttributes } from "../pooling.ts";

/** The gradient of `MaxPool` by the places of `MaxPoolPlaces`, for pictures of the given rows and columns. */
export const maxPoolScatter: TrainingOp<
  "MaxPoolScatter",
  "places" | "dy",
  PoolingAttributes & { dilations?: readonly number[]; extents: readonly number[] }
> = {
  name: "MaxPoolScatter",
  training: true,
  inputs: ["places", "dy"],
  infer({ places, dy }, { extents, ...attributes }) {
    expectDtype(places, ["u8"], "MaxPoolScatter");
    expectDtype(dy, ["f32"], "MaxPoolScatter");
    expectShape(dy.shape.length === 4, "MaxPoolScatter", [dy]);
    const shape = [dy.shape[0], ...extents, dy.shape[3]];
    const windows = windowsOf({ ...dy, shape }, attributes, "MaxPoolScatter");
    const fits = sameShape(dy.shape, pooledShape({ ...dy, shape }, windows)) &&
      sameShape(places.shape, dy.shape);
    expectShape(fits, "MaxPoolScatter", [places, dy]);
    return { y: { dtype: "f32", shape } };
  },
};
