import { expectInteger } from "../attribute.ts";
import { expectDtype, expectShape, sameShape } from "../extent.ts";
import type { IntegerOp } from "../op.ts";

/** RMSNorm of the residual of integer language models, to codes of `bits` bits: `rms_norm_i32`. */
export const rmsNormInteger: IntegerOp<
  "RmsNormInteger",
  "x" | "epsilon" | "gain" | "shift" | "zeroPoint",
  { bits: number }
> = {
  name: "RmsNormInteger",
  integer: true,
  inputs: ["x", "epsilon", "gain", "shift", "zeroPoint"],
  rowLocal: ["x"],
  infer({ x, epsilon, gain, shift, zeroPoint }, { bits }) {
    expectInteger(bits, 2, "RmsNormInteger: bits");
    const all = [x, epsilon, gain, shift, zeroPoint];
    for (const value of all) expectDtype(value, ["i32"], "RmsNormInteger");
    const fits = sameShape(gain.shape, x.shape.slice(-1)) &&
      [epsilon, shift, zeroPoint].every(({ shape }) => sameShape(shape, [1]));
    expectShape(fits, "RmsNormInteger", all);
    return { y: { dtype: bits > 8 ? "i16" : "i8", shape: x.shape } };
  },
};
