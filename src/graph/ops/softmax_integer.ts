import { expectDtype, expectShape } from "../extent.ts";
import type { Op } from "../graph.ts";

/** Integer softmax of int8 scores: inputs x, exponentials (mode `table`) or x0 (mode `shift`) [, mask]; attributes `mode`, `bits` 16 or 8. */
export const softmaxInteger: Op = {
  name: "SoftmaxInteger",
  infer([x, parameter, mask], { bits }) {
    expectDtype(x, ["i8"], "SoftmaxInteger");
    expectDtype(parameter, ["i32"], "SoftmaxInteger");
    expectShape(
      x.shape.length === 4 && (mask === undefined || mask.shape.length === 3),
      "SoftmaxInteger",
      [x, mask],
    );
    return { dtype: bits === 8 ? "i8" : "i16", shape: x.shape };
  },
};
