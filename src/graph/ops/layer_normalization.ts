import { expectDtype, expectShape, sameShape } from "../extent.ts";
import type { Op } from "../graph.ts";

/** Normalises the last axis; inputs x, scale, bias; attribute `epsilon`. */
export const layerNormalization: Op = {
  name: "LayerNormalization",
  infer([x, scale, bias]) {
    expectDtype(x, ["f32"], "LayerNormalization");
    const channels = x.shape.slice(-1);
    const fits = scale !== undefined && sameShape(scale.shape, channels) &&
      (bias === undefined || sameShape(bias.shape, channels));
    expectShape(fits, "LayerNormalization", [x, scale, bias]);
    return { dtype: "f32", shape: x.shape };
  },
};
