import { expectDtype, expectShape } from "../extent.ts";
import type { Op } from "../op.ts";

/** Largest along the last axis but one: `[…, B, C] → […, C]`. Its gradient goes to all that are largest, in equal parts. */
export const reduceMax: Op<"ReduceMax", "x"> = {
  name: "ReduceMax",
  inputs: ["x"],
  infer({ x }) {
    expectDtype(x, ["f32"], "ReduceMax");
    expectShape(x.shape.length >= 2, "ReduceMax", [x]);
    return { y: { dtype: "f32", shape: [...x.shape.slice(0, -2), ...x.shape.slice(-1)] } };
  },
};
