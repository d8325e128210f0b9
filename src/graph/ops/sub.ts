import type { Op } from "../op.ts";
import { expectBroadcast } from "./_broadcast.ts";

/** `a − b`; b may repeat over leading axes, and over the last one where it has one column. */
export const sub: Op<"Sub", "a" | "b"> = {
  name: "Sub",
  inputs: ["a", "b"],
  infer({ a, b }) {
    expectBroadcast("Sub", a, b);
    return { y: { dtype: "f32", shape: a.shape } };
  },
};
