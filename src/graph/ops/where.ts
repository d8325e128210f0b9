import type { Op } from "../op.ts";
import { expectBroadcast } from "./_broadcast.ts";

/** a where the condition is not 0, else b; condition and b may repeat as in `Mul`. */
export const where: Op<"Where", "condition" | "a" | "b"> = {
  name: "Where",
  inputs: ["condition", "a", "b"],
  infer({ condition, a, b }) {
    expectBroadcast("Where", a, b);
    expectBroadcast("Where", a, condition);
    return { y: { dtype: "f32", shape: a.shape } };
  },
};
