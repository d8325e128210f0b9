import { expectOneOf } from "../attribute.ts";
import { expectDtype, expectShape, sameShape } from "../extent.ts";
import type { IntegerOp } from "../op.ts";

/** Accumulators or codes to codes of the type `to`: inputs x, multiplier, shift [, identity, its multiplier, its shift [, zero point]]. */
export const requantize: IntegerOp<
  "Requantize",
  | "x"
  | "multiplier"
  | "shift"
  | "identity?"
  | "identityMultiplier?"
  | "identityShift?"
  | "zeroPoint?",
  { to: "i8" | "i16" | "i32" }
> = {
  name: "Requantize",
  integer: true,
  inputs: [
    "x",
    "multiplier",
    "shift",
    "identity?",
    "identityMultiplier?",
    "identityShift?",
    "zeroPoint?",
  ],
  rowLocal: ["x", "identity"],
  infer(inputs, { to }) {
    const { x, multiplier, shift, identity, identityMultiplier, identityShift, zeroPoint } = inputs;
    expectOneOf(to, ["i8", "i16", "i32"], "Requantize: to");
    expectDtype(x, ["i8", "i16", "i32"], "Requantize");
    expectDtype(multiplier, ["i32"], "Requantize");
    expectDtype(shift, ["i32"], "Requantize");
    const fits = identity === undefined ||
      sameShape(identity.shape, x.shape.slice(x.shape.length - identity.shape.length));
    expectShape(fits, "Requantize", [x, identity]);
    if (identity !== undefined) {
      expectDtype(identityMultiplier, ["i32"], "Requantize");
      expectDtype(identityShift, ["i32"], "Requantize");
    }
    if (zeroPoint !== undefined) expectDtype(zeroPoint, ["i32"], "Requantize");
    return { y: { dtype: to, shape: x.shape } };
  },
};
