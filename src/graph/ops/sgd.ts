import type { TrainingOp } from "../op.ts";
import { expectScalars, updatedType } from "./_update.ts";

/** A step of SGD: `g ← g + decay·p`, `buffer ← momentum·buffer + g`, `p ← p − rate·buffer`, with Nesterov `p − rate·(g + momentum·buffer)`. y is p afterwards. */
export const sgd: TrainingOp<
  "Sgd",
  "p" | "buffer?" | "g" | "rate",
  { momentum: number; decay: number; nesterov: boolean }
> = {
  name: "Sgd",
  training: true,
  inputs: ["p", "buffer?", "g", "rate"],
  isView: true,
  writes: ["p", "buffer"],
  infer({ p, buffer, g, rate }) {
    expectScalars("Sgd", [rate], 1);
    return { y: updatedType("Sgd", p, [buffer, g]) };
  },
};
