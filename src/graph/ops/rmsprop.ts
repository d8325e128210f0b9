import type { TrainingOp } from "../op.ts";
import { expectScalars, updatedType } from "./_update.ts";

/** A step of RMSprop: `v ← αv + (1−α)g²`, `p ← p − rate·g/(√v + epsilon)`, with a buffer momentum of that. y is p afterwards. */
export const rmsprop: TrainingOp<
  "Rmsprop",
  "p" | "v" | "buffer?" | "g" | "rate",
  { alpha: number; epsilon: number; momentum: number; decay: number }
> = {
  name: "Rmsprop",
  training: true,
  inputs: ["p", "v", "buffer?", "g", "rate"],
  isView: true,
  writes: ["p", "v", "buffer"],
  infer({ p, v, buffer, g, rate }) {
    expectScalars("Rmsprop", [rate], 1);
    return { y: updatedType("Rmsprop", p, [v, buffer, g]) };
  },
};
