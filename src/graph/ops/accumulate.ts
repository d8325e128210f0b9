import { expectDtype, expectShape, sameShape } from "../extent.ts";
import type { TrainingOp } from "../op.ts";

/** Adds x to a state or a parameter, of 32-bit integers or floats; y is that. */
export const accumulate: TrainingOp<"Accumulate", "state" | "x"> = {
  name: "Accumulate",
  training: true,
  inputs: ["state", "x"],
  isView: true,
  writes: ["state"],
  infer({ state, x }) {
    expectDtype(state, ["f32", "i32"], "Accumulate");
    expectDtype(x, [state.dtype], "Accumulate");
    expectShape(sameShape(state.shape, x.shape), "Accumulate", [state, x]);
    return { y: { dtype: state.dtype, shape: state.shape } };
  },
};
