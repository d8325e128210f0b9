import type { TrainingOp } from "../op.ts";
import { expectScalars, updatedType } from "./_update.ts";

/** A step of Adam; `scalars` is the rate over `1 − β₁ᵗ`, `1/√(1 − β₂ᵗ)`, and what p is multiplied with first (`adam_f32`). y is p afterwards; where `when` is 0, nothing changes. */
export const adam: TrainingOp<
  "Adam",
  "p" | "m" | "v" | "g" | "scalars" | "when?",
  { betas: readonly number[]; epsilon: number; decay: number }
> = {
  name: "Adam",
  training: true,
  inputs: ["p", "m", "v", "g", "scalars", "when?"],
  isView: true,
  writes: ["p", "m", "v"],
  infer({ p, m, v, g, scalars, when }) {
    expectScalars("Adam", [scalars], 3);
    if (when !== undefined) expectScalars("Adam", [when], 1);
    return { y: updatedType("Adam", p, [m, v, g]) };
  },
};
