import type { TrainingOp } from "../op.ts";
import { expectScalars, updatedType } from "./_update.ts";

/** A step of Adagrad: `s ← s + g²`, `p ← p − rate·g/(√s + epsilon)`. y is p afterwards; where `when` is 0, nothing changes. */
export const adagrad: TrainingOp<
  "Adagrad",
  "p" | "s" | "g" | "rate" | "when?",
  { epsilon: number; decay: number }
> = {
  name: "Adagrad",
  training: true,
  inputs: ["p", "s", "g", "rate", "when?"],
  isView: true,
  writes: ["p", "s"],
  infer({ p, s, g, rate, when }) {
    expectScalars("Adagrad", [rate], 1);
    if (when !== undefined) expectScalars("Adagrad", [when], 1);
    return { y: updatedType("Adagrad", p, [s, g]) };
  },
};
