import { expectDtype } from "../extent.ts";
import type { TrainingOp } from "../op.ts";

/** 1 where every element is finite, else 0: `[1]`. */
export const allFinite: TrainingOp<"AllFinite", "x"> = {
  name: "AllFinite",
  training: true,
  inputs: ["x"],
  infer({ x }) {
    expectDtype(x, ["f32"], "AllFinite");
    return { y: { dtype: "f32", shape: [1] } };
  },
};
