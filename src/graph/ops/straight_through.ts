import { expectDtype, expectShape, sameShape } from "../extent.ts";
import type { TrainingOp } from "../op.ts";

/**
 * `value`, whose gradient goes to x: what a quantiser or an engine made of x stands for it (Bengio et al., 2013). What x
 * is computed by is not needed for the result.
 */
export const straightThrough: TrainingOp<"StraightThrough", "value" | "x"> = {
  name: "StraightThrough",
  training: true,
  inputs: ["value", "x"],
  isView: true,
  infer({ value, x }) {
    expectDtype(value, ["f32"], "StraightThrough");
    expectDtype(x, ["f32"], "StraightThrough");
    expectShape(sameShape(value.shape, x.shape), "StraightThrough", [value, x]);
    return { y: { dtype: "f32", shape: value.shape } };
  },
};
