import { expectDtype, expectShape, sameShape } from "../extent.ts";
import type { Op } from "../op.ts";

/** `SiLU(gate)·up`. */
export const swiglu: Op<"SwiGlu", "gate" | "up"> = {
  name: "SwiGlu",
  inputs: ["gate", "up"],
  rowLocal: ["gate", "up"],
  infer({ gate, up }) {
    expectDtype(gate, ["f32"], "SwiGlu");
    expectDtype(up, ["f32"], "SwiGlu");
    expectShape(sameShape(gate.shape, up.shape), "SwiGlu", [gate, up]);
    return { y: { dtype: "f32", shape: gate.shape } };
  },
};
