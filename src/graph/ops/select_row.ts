import { expectInteger } from "../attribute.ts";
import { expectShape, fixed } from "../extent.ts";
import type { Op } from "../op.ts";

/** Row `row` of each sequence, kept as an axis: `[…, N, C] → […, 1, C]`; no data is moved. */
export const selectRow: Op<"SelectRow", "x", { row: number }> = {
  name: "SelectRow",
  inputs: ["x"],
  movesOnly: true,
  isView: true,
  infer({ x }, { row }) {
    expectInteger(row, 0, "SelectRow: row");
    const axis = x === undefined ? -1 : x.shape.length - 2;
    expectShape(axis >= 0 && row < fixed(x.shape[axis], "rows"), "SelectRow", [x]);
    return { y: { dtype: x.dtype, shape: x.shape.map((extent, i) => i === axis ? 1 : extent) } };
  },
};
