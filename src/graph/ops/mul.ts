import type { Op } from "../op.ts";
import { expectBroadcast } from "./_broadcast.ts";

/** `a·b`; b may repeat over leading axes, and over the last one where it has one column. */
export const mul: Op<"Mul", "a" | "b"> = {
  name: "Mul",
  inputs: ["a", "b"],
  infer({ a, b }) {
    expectBroadcast("Mul", a, b);
    return { y: { dtype: "f32", shape: a.shape } };
  },
};
