import { expectDtype, expectShape, sameShape } from "../extent.ts";
import type { Op } from "../op.ts";

/** `max(gate, 0)²·up`. */
export const reluSquaredGlu: Op<"ReluSquaredGlu", "gate" | "up"> = {
  name: "ReluSquaredGlu",
  inputs: ["gate", "up"],
  rowLocal: ["gate", "up"],
  infer({ gate, up }) {
    expectDtype(gate, ["f32"], "ReluSquaredGlu");
    expectDtype(up, ["f32"], "ReluSquaredGlu");
    expectShape(sameShape(gate.shape, up.shape), "ReluSquaredGlu", [gate, up]);
    return { y: { dtype: "f32", shape: gate.shape } };
  },
};
