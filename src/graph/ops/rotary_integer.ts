import { expectDtype, expectShape, fixed, same, sameShape } from "../extent.ts";
import type { IntegerOp } from "../op.ts";

/** Rotary embedding of 16-bit codes to int8, with a code of 0 for each channel: `rotary_i16`. */
export const rotaryInteger: IntegerOp<"RotaryInteger", "x" | "angles" | "zeroPoint?"> = {
  name: "RotaryInteger",
  integer: true,
  inputs: ["x", "angles", "zeroPoint?"],
  rowLocal: ["x", "angles"],
  infer({ x, angles, zeroPoint }) {
    for (const value of [x, angles]) expectDtype(value, ["i16"], "RotaryInteger");
    if (zeroPoint !== undefined) expectDtype(zeroPoint, ["i32"], "RotaryInteger");
    const fits = x.shape.length === 2 && angles.shape.length === 3 &&
      same(angles.shape[0], x.shape[0]) && angles.shape[1] === 2 &&
      fixed(x.shape[1], "channels") % (2 * fixed(angles.shape[2], "pairs")) === 0 &&
      (zeroPoint === undefined || sameShape(zeroPoint.shape, x.shape.slice(1)));
    expectShape(fits, "RotaryInteger", [x, angles, zeroPoint]);
    return { y: { dtype: "i8", shape: x.shape } };
  },
};
