import { expectDtype } from "../extent.ts";
import type { TrainingOp } from "../op.ts";

/** A copy that may be kept in another way: where x is float32, and y is stored as 16-bit floats, it rounds. */
export const cast: TrainingOp<"Cast", "x"> = {
  name: "Cast",
  training: true,
  inputs: ["x"],
  rowLocal: ["x"],
  movesOnly: true,
  infer({ x }) {
    expectDtype(x, ["f32"], "Cast");
    return { y: { dtype: "f32", shape: x.shape } };
  },
};
