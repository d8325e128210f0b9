import { expectOneOf } from "../attribute.ts";
import { expectDtype } from "../extent.ts";
import type { IntegerOp } from "../op.ts";

/** float32 to codes of the type `to`, with a scale `[1]` and maybe a zero point `[1]` (i32). */
export const quantizeLinear: IntegerOp<
  "QuantizeLinear",
  "x" | "scale" | "zeroPoint?",
  { to: "i8" | "i16" }
> = {
  name: "QuantizeLinear",
  integer: true,
  inputs: ["x", "scale", "zeroPoint?"],
  rowLocal: ["x"],
  infer({ x, scale, zeroPoint }, { to }) {
    expectOneOf(to, ["i8", "i16"], "QuantizeLinear: to");
    expectDtype(x, ["f32"], "QuantizeLinear");
    expectDtype(scale, ["f32"], "QuantizeLinear");
    if (zeroPoint !== undefined) expectDtype(zeroPoint, ["i32"], "QuantizeLinear");
    return { y: { dtype: to, shape: x.shape } };
  },
};
