import type { TrainingOp } from "../op.ts";
import { updatedType } from "./_update.ts";

/** Sets a state or a parameter to x; y is that. */
export const assign: TrainingOp<"Assign", "state" | "x"> = {
  name: "Assign",
  training: true,
  inputs: ["state", "x"],
  isView: true,
  writes: ["state"],
  infer({ state, x }) {
    return { y: updatedType("Assign", state, [x]) };
  },
};
