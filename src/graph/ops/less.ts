import type { Op } from "../op.ts";
import { expectBroadcast } from "./_broadcast.ts";

/** `1 where a < b, else 0`; b may repeat over leading axes, and over the last one where it has one column. */
export const less: Op<"Less", "a" | "b"> = {
  name: "Less",
  inputs: ["a", "b"],
  infer({ a, b }) {
    expectBroadcast("Less", a, b);
    return { y: { dtype: "f32", shape: a.shape } };
  },
};
