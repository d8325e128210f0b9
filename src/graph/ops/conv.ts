import { expectDtype, expectShape, fixed, sameShape } from "../extent.ts";
import type { Op } from "../op.ts";
import { outputExtent, tapsOf } from "../convolution.ts";
import type { ConvolutionAttributes } from "../convolution.ts";

/**
 * Convolution of pictures, channels last: x `[B, H, W, C]`, weight `[O, height, width, C/group]`, bias `[O]`. Padding
 * may differ on the four sides.
 */
export const conv: Op<"Conv", "x" | "weight" | "bias?", ConvolutionAttributes> = {
  name: "Conv",
  inputs: ["x", "weight", "bias?"],
  infer({ x, weight, bias }, attributes) {
    const values = [x, weight, bias];
    for (const value of [x, weight]) expectDtype(value, ["f32"], "Conv");
    const taps = tapsOf(attributes, "Conv");
    expectShape(x.shape.length === 4 && weight.shape.length === 4, "Conv", values);
    const [outputs, height, width, depth] = weight.shape.map((e) => fixed(e, "Conv: weights"));
    const fits = x.shape[3] === depth * taps.group && outputs % taps.group === 0 &&
      (bias === undefined || sameShape(bias.shape, [outputs]));
    expectShape(fits, "Conv", values);
    const rows = outputExtent(x.shape[1], height, taps, 0, "Conv");
    const columns = outputExtent(x.shape[2], width, taps, 1, "Conv");
    return { y: { dtype: "f32", shape: [x.shape[0], rows, columns, outputs] } };
  },
};
