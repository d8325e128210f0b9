import { expectDtype, expectShape } from "../extent.ts";
import type { Extent } from "../graph.ts";
import type { Op } from "../op.ts";

/** Repeats along a new axis before the last one: `[…, C] → […, times, C]`; the adjoint of `ReduceSum`. */
export const expand: Op<"Expand", "x", { times: Extent }> = {
  name: "Expand",
  inputs: ["x"],
  infer({ x }, { times }) {
    expectDtype(x, ["f32"], "Expand");
    expectShape(x.shape.length >= 1, "Expand", [x]);
    return { y: { dtype: "f32", shape: [...x.shape.slice(0, -1), times, ...x.shape.slice(-1)] } };
  },
};
