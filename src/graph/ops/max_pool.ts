import type { Op } from "../op.ts";
import { pooledShape, windowsOf } from "../pooling.ts";
import type { PoolingAttributes } from "../pooling.ts";

/** Largest of each window of `[B, H, W, C]`; what lies outside of the picture does not count. */
export const maxPool: Op<"MaxPool", "x", PoolingAttributes & { dilations?: readonly number[] }> = {
  name: "MaxPool",
  inputs: ["x"],
  infer({ x }, attributes) {
    const windows = windowsOf(x, attributes, "MaxPool");
    return { y: { dtype: "f32", shape: pooledShape(x, windows) } };
  },
};
