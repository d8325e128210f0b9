import { expectDtype } from "../extent.ts";
import type { IntegerOp } from "../op.ts";

/** Codes to float32 with a scale `[1]` or `[N]`, and maybe a zero point `[1]` (i32). */
export const dequantizeLinear: IntegerOp<"DequantizeLinear", "x" | "scale" | "zeroPoint?"> = {
  name: "DequantizeLinear",
  integer: true,
  inputs: ["x", "scale", "zeroPoint?"],
  rowLocal: ["x"],
  infer({ x, scale, zeroPoint }) {
    expectDtype(x, ["i8", "i16", "i32"], "DequantizeLinear");
    expectDtype(scale, ["f32"], "DequantizeLinear");
    if (zeroPoint !== undefined) expectDtype(zeroPoint, ["i32"], "DequantizeLinear");
    return { y: { dtype: "f32", shape: x.shape } };
  },
};
