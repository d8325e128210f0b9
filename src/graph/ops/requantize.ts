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
  infer({ x, multiplier, shift, identity, zeroPoint }, { to }) {
    expectDtype(x, ["i8", "i16", "i32"], "Requantize");
    expectDtype(multiplier, ["i32"], "Requantize");
    expectDtype(shift, ["i32"], "Requantize");
    const fits = identity === undefined ||
      sameShape(identity.shape, x.shape.slice(x.shape.length - identity.shape.length));
    expectShape(fits, "Requantize", [x, identity]);
    if (zeroPoint !== undefined) expectDtype(zeroPoint, ["i32"], "Requantize");
    return { y: { dtype: to, shape: x.shape } };
  },
};
