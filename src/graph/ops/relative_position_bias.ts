import { expectDtype, expectShape, fixed } from "../extent.ts";
import type { Op } from "../op.ts";

/**
 * Swin's relative position bias: rows of a table `[R, H]`, picked by an index `[L·L]`, as
 * `[H, L, L]`. Both inputs are constants, so nothing of it is left at run time.
 */
export const relativePositionBias: Op<"RelativePositionBias", "table" | "index"> = {
  name: "RelativePositionBias",
  inputs: ["table", "index"],
  infer({ table, index }) {
    expectDtype(table, ["f32", "i8"], "RelativePositionBias");
    expectDtype(index, ["i32"], "RelativePositionBias");
    const length = Math.sqrt(fixed(index.shape[0], "pairs"));
    expectShape(Number.isInteger(length), "RelativePositionBias", [table, index]);
    return { y: { dtype: table.dtype, shape: [table.shape[1], length, length] } };
  },
};
