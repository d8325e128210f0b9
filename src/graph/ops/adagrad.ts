import type { TrainingOp } from "../op.ts";
import { expectScalars, updatedType } from "./_update.ts";

/** A step of Adagrad: `s ← s + g²`, `p ← p − rate·g/(√s + epsilon)`. y is p afterwards. */
export const adagrad: TrainingOp<
  "Adagrad",
  "p" | "s" | "g" | "rate",
  { epsilon: number; decay: number }
> = {
  name: "Adagrad",
  training: true,
  inputs: ["p", "s", "g", "rate"],
  isView: true,
  writes: ["p", "s"],
  infer({ p, s, g, rate }) {
    expectScalars("Adagrad", [rate], 1);
    return { y: updatedType("Adagrad", p, [s, g]) };
  },
};
