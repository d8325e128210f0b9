import type { TrainingOp } from "../op.ts";
import { expectScalars, updatedType } from "./_update.ts";

/** A step of SGD: `g ← g + decay·p`, `buffer ← momentum·buffer + g`, `p ← p − rate·buffer`, with Nesterov `p − rate·(g + momentum·buffer)`. y is p afterwards; where `when` is 0, nothing changes. */
export const sgd: TrainingOp<
  "Sgd",
  "p" | "buffer?" | "g" | "rate" | "when?",
  { momentum: number; decay: number; nesterov: boolean }
> = {
  name: "Sgd",
  training: true,
  inputs: ["p", "buffer?", "g", "rate", "when?"],
  isView: true,
  writes: ["p", "buffer"],
  infer({ p, buffer, g, rate, when }) {
    expectScalars("Sgd", [rate], 1);
    if (when !== undefined) expectScalars("Sgd", [when], 1);
    return { y: updatedType("Sgd", p, [buffer, g]) };
  },
};
