import { expectShape, fixed } from "../extent.ts";
import type { Op } from "../graph.ts";

/** Row `row` of each sequence, kept as an axis: `[…, N, C] → […, 1, C]`; no data is moved. */
export const selectRow: Op = {
  name: "SelectRow",
  infer([x], { row }) {
    const axis = x === undefined ? -1 : x.shape.length - 2;
    expectShape(axis >= 0 && (row as number) < fixed(x!.shape[axis], "rows"), "SelectRow", [x]);
    return { dtype: x!.dtype, shape: x!.shape.map((extent, i) => i === axis ? 1 : extent) };
  },
};
