import { expectShape } from "../extent.ts";
import type { TrainingOp } from "../op.ts";
import { pooledShape, windowsOf } from "../pooling.ts";
import type { PoolingAttributes } from "../pooling.ts";

/** Most places of a window whose largest is told in a byte; one more says that there is none. */
export const MOST_PLACES = 255;

/** Which place of each window `MaxPool` takes, the first of equal ones: u8, row by row within the window. */
export const maxPoolPlaces: TrainingOp<
  "MaxPoolPlaces",
  "x",
  PoolingAttributes & { dilations?: readonly number[] }
> = {
  name: "MaxPoolPlaces",
  training: true,
  inputs: ["x"],
  infer({ x }, attributes) {
    const windows = windowsOf(x, attributes, "MaxPoolPlaces");
    expectShape(windows.kernel[0] * windows.kernel[1] <= MOST_PLACES, "MaxPoolPlaces", [x]);
    return { y: { dtype: "u8", shape: pooledShape(x, windows) } };
  },
};
