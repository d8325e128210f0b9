import type { TrainingOp } from "../op.ts";
import { expectScalars, updatedType } from "./_update.ts";

/** A step of Lion: `p ← keep·p − rate·sign(β₁m + (1−β₁)g)`, `m ← β₂m + (1−β₂)g`; `scalars` is rate and keep. y is p afterwards. */
export const lion: TrainingOp<
  "Lion",
  "p" | "m" | "g" | "scalars",
  { betas: readonly number[] }
> = {
  name: "Lion",
  training: true,
  inputs: ["p", "m", "g", "scalars"],
  isView: true,
  writes: ["p", "m"],
  infer({ p, m, g, scalars }) {
    expectScalars("Lion", [scalars], 2);
    return { y: updatedType("Lion", p, [m, g]) };
  },
};
