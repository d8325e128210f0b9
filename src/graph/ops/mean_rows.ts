import { expectDtype, expectShape } from "../extent.ts";
import type { Op } from "../op.ts";

/** Mean over the rows of each sequence: `[B, N, C] → [B, C]`; integers are rounded half to even. */
export const meanRows: Op<"MeanRows", "x"> = {
  name: "MeanRows",
  inputs: ["x"],
  infer({ x }) {
    expectDtype(x, ["f32", "i8", "i16"], "MeanRows");
    expectShape(x.shape.length === 3, "MeanRows", [x]);
    return { y: { dtype: x.dtype, shape: [x.shape[0], x.shape[2]] } };
  },
};
