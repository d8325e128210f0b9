import { expectNumber } from "../attribute.ts";
import { expectDtype, expectShape, sameShape } from "../extent.ts";
import type { Op } from "../op.ts";

/**
 * Batch normalisation of `[…, C]` with the statistics `mean` and `variance` `[C]`, which are constants to
 * differentiation: evaluation mode. Where a network trains, those of the batch take their place and move them by the
 * share `momentum` (PyTorch's; 1 − that of ONNX and Keras), the variance times M/(M − 1) if `unbiased` (the default).
 */
export const batchNormalization: Op<
  "BatchNormalization",
  "x" | "scale" | "bias" | "mean" | "variance",
  { epsilon: number; momentum?: number; unbiased?: boolean }
> = {
  name: "BatchNormalization",
  inputs: ["x", "scale", "bias", "mean", "variance"],
  infer({ x, scale, bias, mean, variance }, { epsilon, momentum = 0.1 }) {
    expectNumber(epsilon, "BatchNormalization: epsilon", 0);
    expectNumber(momentum, "BatchNormalization: momentum", 0);
    const channels = [scale, bias, mean, variance];
    for (const value of [x, ...channels]) expectDtype(value, ["f32"], "BatchNormalization");
    const fits = channels.every(({ shape }) => sameShape(shape, x.shape.slice(-1)));
    expectShape(fits, "BatchNormalization", [x, ...channels]);
    return { y: { dtype: "f32", shape: x.shape } };
  },
};
