import { expectDtype } from "../extent.ts";
import type { Op } from "../graph.ts";

/** The value itself: a point of a network that has a name. */
export const identity: Op = {
  name: "Identity",
  infer([x]) {
    expectDtype(x, ["f32"], "Identity");
    return { dtype: "f32", shape: x.shape };
  },
};
