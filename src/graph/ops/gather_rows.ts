import { expectDtype, expectShape } from "../extent.ts";
import type { Op } from "../op.ts";

/** `y[b][i] = x[b][index[i]]` on `[B, R, C]`. */
export const gatherRows: Op<"GatherRows", "x" | "index"> = {
  name: "GatherRows",
  inputs: ["x", "index"],
  movesOnly: true,
  infer({ x, index }) {
    expectDtype(x, ["f32", "i8", "i16", "i32"], "GatherRows");
    expectDtype(index, ["i32"], "GatherRows");
    expectShape(x.shape.length === 3 && index.shape.length === 1, "GatherRows", [x, index]);
    return { y: { dtype: x.dtype, shape: [x.shape[0], index.shape[0], x.shape[2]] } };
  },
};
