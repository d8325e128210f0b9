import { expectDtype } from "../extent.ts";
import type { Op } from "../graph.ts";

/** Codes to float32 with a scale `[1]` or `[N]`, and maybe a zero point `[1]` (i32). */
export const dequantizeLinear: Op = {
  name: "DequantizeLinear",
  infer([x, scale, zeroPoint]) {
    expectDtype(x, ["i8", "i16", "i32"], "DequantizeLinear");
    expectDtype(scale, ["f32"], "DequantizeLinear");
    if (zeroPoint !== undefined) expectDtype(zeroPoint, ["i32"], "DequantizeLinear");
    return { dtype: "f32", shape: x.shape };
  },
};
