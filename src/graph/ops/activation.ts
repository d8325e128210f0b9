import { activationOf } from "../activations.ts";
import { expectDtype } from "../extent.ts";
import type { Op } from "../graph.ts";

/** An activation function of one number; attribute `kind` is one of `ACTIVATIONS`. */
export const activation: Op = {
  name: "Activation",
  infer([x], { kind }) {
    expectDtype(x, ["f32"], "Activation");
    activationOf(kind as string);
    return { dtype: "f32", shape: x.shape };
  },
};
