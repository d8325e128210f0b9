import { expectDtype } from "../extent.ts";
import type { Op } from "../op.ts";

/** The logarithm of a softmax over the last axis. */
export const logSoftmax: Op<"LogSoftmax", "x"> = {
  name: "LogSoftmax",
  inputs: ["x"],
  rowLocal: ["x"],
  infer({ x }) {
    expectDtype(x, ["f32"], "LogSoftmax");
    return { y: { dtype: "f32", shape: x.shape } };
  },
};
