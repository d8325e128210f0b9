import { activationOf } from "../activations.ts";
import { expectDtype } from "../extent.ts";
import type { Op } from "../op.ts";

/** An activation function of one number; attribute `kind` is one of `ACTIVATIONS`. */
export const activation: Op<"Activation", "x", { kind: string }> = {
  name: "Activation",
  inputs: ["x"],
  rowLocal: ["x"],
  infer({ x }, { kind }) {
    expectDtype(x, ["f32"], "Activation");
    activationOf(kind);
    return { y: { dtype: "f32", shape: x.shape } };
  },
};
