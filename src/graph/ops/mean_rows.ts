import { expectDtype, expectShape } from "../extent.ts";
import type { Op } from "../graph.ts";

/** Mean over the rows of each sequence: `[B, N, C] → [B, C]`; integers are rounded half to even. */
export const meanRows: Op = {
  name: "MeanRows",
  infer([x]) {
    expectDtype(x, ["f32", "i8", "i16"], "MeanRows");
    expectShape(x.shape.length === 3, "MeanRows", [x]);
    return { dtype: x.dtype, shape: [x.shape[0], x.shape[2]] };
  },
};
