import { expectDtype } from "../extent.ts";
import type { Op } from "../op.ts";

/** `x/2·(1 + erf(x/√2))`. */
export const gelu: Op<"Gelu", "x"> = {
  name: "Gelu",
  inputs: ["x"],
  rowLocal: ["x"],
  infer({ x }) {
    expectDtype(x, ["f32"], "Gelu");
    return { y: { dtype: "f32", shape: x.shape } };
  },
};
