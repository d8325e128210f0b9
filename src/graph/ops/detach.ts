import { expectDtype } from "../extent.ts";
import type { Op } from "../op.ts";

/** The value itself, a constant to differentiation (PyTorch's `detach`). */
export const detach: Op<"Detach", "x"> = {
  name: "Detach",
  inputs: ["x"],
  rowLocal: ["x"],
  isView: true,
  infer({ x }) {
    expectDtype(x, ["f32"], "Detach");
    return { y: { dtype: "f32", shape: x.shape } };
  },
};
