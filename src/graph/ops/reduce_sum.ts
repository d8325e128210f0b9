import { expectDtype, expectShape } from "../extent.ts";
import type { Op } from "../op.ts";

/** Sum over the last axis but one: `[…, B, C] → […, C]`. With reshapes, over any. */
export const reduceSum: Op<"ReduceSum", "x"> = {
  name: "ReduceSum",
  inputs: ["x"],
  infer({ x }) {
    expectDtype(x, ["f32"], "ReduceSum");
    expectShape(x.shape.length >= 2, "ReduceSum", [x]);
    return { y: { dtype: "f32", shape: [...x.shape.slice(0, -2), ...x.shape.slice(-1)] } };
  },
};
