import { expectDtype } from "../extent.ts";
import type { Op } from "../graph.ts";

/** Codes to float32 with a scale `[1]` or `[N]`. */
export const dequantizeLinear: Op = {
  name: "DequantizeLinear",
  infer([x, scale]) {
    expectDtype(x, ["i8", "i16", "i32"], "DequantizeLinear");
    expectDtype(scale, ["f32"], "DequantizeLinear");
    return { dtype: "f32", shape: x.shape };
  },
};
