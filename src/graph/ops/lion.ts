import type { TrainingOp } from "../op.ts";
import { expectScalars, updatedType } from "./_update.ts";

/** A step of Lion: `p ← keep·p − rate·sign(β₁m + (1−β₁)g)`, `m ← β₂m + (1−β₂)g`; `scalars` is rate and keep. y is p afterwards; where `when` is 0, nothing changes. */
export const lion: TrainingOp<
  "Lion",
  "p" | "m" | "g" | "scalars" | "when?",
  { betas: readonly number[] }
> = {
  name: "Lion",
  training: true,
  inputs: ["p", "m", "g", "scalars", "when?"],
  isView: true,
  writes: ["p", "m"],
  infer({ p, m, g, scalars, when }) {
    expectScalars("Lion", [scalars], 2);
    if (when !== undefined) expectScalars("Lion", [when], 1);
    return { y: updatedType("Lion", p, [m, g]) };
  },
};
