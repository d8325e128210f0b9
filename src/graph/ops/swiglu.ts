import { expectDtype, expectShape, sameShape } from "../extent.ts";
import type { Op } from "../graph.ts";

/** `SiLU(gate)·up`. */
export const swiglu: Op = {
  name: "SwiGlu",
  infer([gate, up]) {
    expectDtype(gate, ["f32"], "SwiGlu");
    expectDtype(up, ["f32"], "SwiGlu");
    expectShape(sameShape(gate.shape, up.shape), "SwiGlu", [gate, up]);
    return { dtype: "f32", shape: gate.shape };
  },
};
