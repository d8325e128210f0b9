import type { Op } from "../op.ts";
import { pooledShape, windowsOf } from "../pooling.ts";
import type { PoolingAttributes } from "../pooling.ts";

/** Attributes of average pooling. */
export interface AveragePoolAttributes extends PoolingAttributes {
  /** Whether places of the padding count in the divisor. Default: yes, as in PyTorch. */
  countIncludePad?: boolean;
}

/** Mean of each window of `[B, H, W, C]`. */
export const averagePool: Op<"AveragePool", "x", AveragePoolAttributes> = {
  name: "AveragePool",
  inputs: ["x"],
  infer({ x }, attributes) {
    const windows = windowsOf(x, attributes, "AveragePool");
    return { y: { dtype: "f32", shape: pooledShape(x, windows) } };
  },
};
