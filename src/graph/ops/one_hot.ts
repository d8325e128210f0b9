import { expectInteger, expectNumber } from "../attribute.ts";
import { expectDtype, expectShape } from "../extent.ts";
import type { Op } from "../op.ts";

/**
 * A row of `classes` for each index `[T]`: `on` in the column of the index, else `off` (default 1 and 0). An index
 * that is no class gives a row of zeros: it is ignored.
 */
export const oneHot: Op<"OneHot", "index", { classes: number; on?: number; off?: number }> = {
  name: "OneHot",
  inputs: ["index"],
  infer({ index }, { classes, on = 1, off = 0 }) {
    expectInteger(classes, 1, "OneHot: classes");
    expectNumber(on, "OneHot: on");
    expectNumber(off, "OneHot: off");
    expectDtype(index, ["i32"], "OneHot");
    expectShape(index.shape.length === 1, "OneHot", [index]);
    return { y: { dtype: "f32", shape: [index.shape[0], classes] } };
  },
};
