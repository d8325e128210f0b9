import type { TrainingOp } from "../op.ts";
import { expectScalars, updatedType } from "./_update.ts";

/** A step of RMSprop: `v ← αv + (1−α)g²`, `p ← p − rate·g/(√v + epsilon)`, with a buffer momentum of that. y is p afterwards; where `when` is 0, nothing changes. */
export const rmsprop: TrainingOp<
  "Rmsprop",
  "p" | "v" | "buffer?" | "g" | "rate" | "when?",
  { alpha: number; epsilon: number; momentum: number; decay: number }
> = {
  name: "Rmsprop",
  training: true,
  inputs: ["p", "v", "buffer?", "g", "rate", "when?"],
  isView: true,
  writes: ["p", "v", "buffer"],
  infer({ p, v, buffer, g, rate, when }) {
    expectScalars("Rmsprop", [rate], 1);
    if (when !== undefined) expectScalars("Rmsprop", [when], 1);
    return { y: updatedType("Rmsprop", p, [v, buffer, g]) };
  },
};
