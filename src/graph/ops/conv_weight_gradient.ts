import { expectDtype, expectShape, same } from "../extent.ts";
import type { TrainingOp } from "../op.ts";
import { outputExtent, tapsOf } from "../convolution.ts";
import type { ConvolutionAttributes } from "../convolution.ts";

/** The gradient of the weights of `Conv`, from x, that of its output, and the extents of the kernel. */
export const convWeightGradient: TrainingOp<
  "ConvWeightGradient",
  "x" | "dy",
  ConvolutionAttributes & { kernel: readonly number[] }
> = {
  name: "ConvWeightGradient",
  training: true,
  inputs: ["x", "dy"],
  infer({ x, dy }, { kernel, ...attributes }) {
    for (const value of [x, dy]) expectDtype(value, ["f32"], "ConvWeightGradient");
    const taps = tapsOf(attributes, "ConvWeightGradient");
    const isPicture = x.shape.length === 4 && dy.shape.length === 4 &&
      same(x.shape[0], dy.shape[0]);
    expectShape(isPicture, "ConvWeightGradient", [x, dy]);
    const fits =
      dy.shape[1] === outputExtent(x.shape[1], kernel[0], taps, 0, "ConvWeightGradient") &&
      dy.shape[2] === outputExtent(x.shape[2], kernel[1], taps, 1, "ConvWeightGradient");
    expectShape(fits, "ConvWeightGradient", [x, dy]);
    const depth = (x.shape[3] as number) / taps.group;
    return { y: { dtype: "f32", shape: [dy.shape[3], ...kernel, depth] } };
  },
};
