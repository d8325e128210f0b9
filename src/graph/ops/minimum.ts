import type { Op } from "../op.ts";
import { expectBroadcast } from "./_broadcast.ts";

/** `b < a ? b : a`; b may repeat over leading axes, and over the last one where it has one column. */
export const minimum: Op<"Min", "a" | "b"> = {
  name: "Min",
  inputs: ["a", "b"],
  infer({ a, b }) {
    expectBroadcast("Min", a, b);
    return { y: { dtype: "f32", shape: a.shape } };
  },
};
