import { expectDtype } from "../extent.ts";
import type { Op } from "../graph.ts";

/** `x/2·(1 + erf(x/√2))`. */
export const gelu: Op = {
  name: "Gelu",
  infer([x]) {
    expectDtype(x, ["f32"], "Gelu");
    return { dtype: "f32", shape: x.shape };
  },
};
