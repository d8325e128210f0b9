import type { Op } from "../op.ts";
import { expectBroadcast } from "./_broadcast.ts";

/** `a < b ? b : a`; b may repeat over leading axes, and over the last one where it has one column. */
export const maximum: Op<"Max", "a" | "b"> = {
  name: "Max",
  inputs: ["a", "b"],
  infer({ a, b }) {
    expectBroadcast("Max", a, b);
    return { y: { dtype: "f32", shape: a.shape } };
  },
};
