import { expectNumber } from "../attribute.ts";
import { expectDtype, expectShape, sameShape } from "../extent.ts";
import type { Op } from "../op.ts";

/** Normalises the last axis; inputs x, scale, bias; attribute `epsilon`. */
export const layerNormalization: Op<
  "LayerNormalization",
  "x" | "scale" | "bias?",
  { epsilon: number }
> = {
  name: "LayerNormalization",
  inputs: ["x", "scale", "bias?"],
  rowLocal: ["x"],
  infer({ x, scale, bias }, { epsilon }) {
    expectNumber(epsilon, "LayerNormalization: epsilon", 0);
    expectDtype(x, ["f32"], "LayerNormalization");
    const channels = x.shape.slice(-1);
    const fits = scale !== undefined && sameShape(scale.shape, channels) &&
      (bias === undefined || sameShape(bias.shape, channels));
    expectShape(fits, "LayerNormalization", [x, scale, bias]);
    return { y: { dtype: "f32", shape: x.shape } };
  },
};
