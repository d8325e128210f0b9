import { expectDtype, expectShape, fixed } from "../extent.ts";
import type { Op } from "../op.ts";
import { outputExtent, tapsOf } from "../convolution.ts";
import type { ConvolutionAttributes } from "../convolution.ts";

/**
 * The adjoint of `Conv` in its input, and a transposed convolution: x `[B, I, J, O]`, weight
 * `[O, height, width, C/group]`, y `[B, H, W, C]`. Several extents of y have the same x where a stride is above 1, so
 * `extents` says which: with output padding p, `(I − 1)·stride − pads + dilation·(kernel − 1) + 1 + p`.
 */
export const convTranspose: Op<
  "ConvTranspose",
  "x" | "weight",
  ConvolutionAttributes & { extents: readonly number[] }
> = {
  name: "ConvTranspose",
  inputs: ["x", "weight"],
  infer({ x, weight }, { extents, ...attributes }) {
    for (const value of [x, weight]) expectDtype(value, ["f32"], "ConvTranspose");
    const taps = tapsOf(attributes, "ConvTranspose");
    const isPicture = x.shape.length === 4 && weight.shape.length === 4;
    expectShape(isPicture, "ConvTranspose", [x, weight]);
    const [outputs, height, width, depth] = weight.shape.map((e) => fixed(e, "weights"));
    const fits = x.shape[3] === outputs && outputs % taps.group === 0 &&
      x.shape[1] === outputExtent(extents[0], height, taps, 0, "ConvTranspose") &&
      x.shape[2] === outputExtent(extents[1], width, taps, 1, "ConvTranspose");
    expectShape(fits, "ConvTranspose", [x, weight]);
    return { y: { dtype: "f32", shape: [x.shape[0], ...extents, depth * taps.group] } };
  },
};
