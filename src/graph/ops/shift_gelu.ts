import { expectDtype } from "../extent.ts";
import type { Op } from "../graph.ts";

/** I-ViT's ShiftGELU: int8 codes and x0 to 32-bit products. */
export const shiftGelu: Op = {
  name: "ShiftGelu",
  infer([x, x0]) {
    expectDtype(x, ["i8"], "ShiftGelu");
    expectDtype(x0, ["i32"], "ShiftGelu");
    return { dtype: "i32", shape: x.shape };
  },
};
