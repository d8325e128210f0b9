import { expectDtype } from "../extent.ts";
import type { Op } from "../op.ts";

/** The value itself: a point of a network that has a name. */
export const identity: Op<"Identity", "x"> = {
  name: "Identity",
  inputs: ["x"],
  rowLocal: ["x"],
  isView: true,
  infer({ x }) {
    expectDtype(x, ["f32"], "Identity");
    return { y: { dtype: "f32", shape: x.shape } };
  },
};
