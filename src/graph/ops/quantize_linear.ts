import { expectDtype } from "../extent.ts";
import type { Op } from "../graph.ts";

/** float32 to codes of the type `to`, with a scale `[1]`. */
export const quantizeLinear: Op = {
  name: "QuantizeLinear",
  infer([x, scale], { to }) {
    expectDtype(x, ["f32"], "QuantizeLinear");
    expectDtype(scale, ["f32"], "QuantizeLinear");
    return { dtype: to === "i16" ? "i16" : "i8", shape: x.shape };
  },
};
