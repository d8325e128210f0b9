import { expectOneOf } from "../attribute.ts";
import { expectDtype, expectShape, sameShape } from "../extent.ts";
import type { IntegerOp } from "../op.ts";

/** SwiGLU of a 12-bit gate, by a table `[4096]`, and a 16-bit `up`, to codes of 8 or 12 bits: `swiglu_i16`. */
export const swigluInteger: IntegerOp<
  "SwiGluInteger",
  "gate" | "up" | "table" | "shift" | "zeroPoint",
  { bits: number }
> = {
  name: "SwiGluInteger",
  integer: true,
  inputs: ["gate", "up", "table", "shift", "zeroPoint"],
  rowLocal: ["gate", "up"],
  infer({ gate, up, table, shift, zeroPoint }, { bits }) {
    expectOneOf(bits, [8, 12], "SwiGluInteger: bits");
    for (const value of [gate, up, table]) expectDtype(value, ["i16"], "SwiGluInteger");
    for (const value of [shift, zeroPoint]) expectDtype(value, ["i32"], "SwiGluInteger");
    const fits = sameShape(gate.shape, up.shape) && sameShape(table.shape, [4096]) &&
      sameShape(shift.shape, [1]) && sameShape(zeroPoint.shape, [1]);
    expectShape(fits, "SwiGluInteger", [gate, up, table, shift, zeroPoint]);
    return { y: { dtype: bits === 8 ? "i8" : "i16", shape: gate.shape } };
  },
};
