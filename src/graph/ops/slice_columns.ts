import { expectInteger } from "../attribute.ts";
import { expectShape, fixed } from "../extent.ts";
import type { Op } from "../op.ts";

/** Columns `start` … `end − 1` of the last axis; no data is moved. */
export const sliceColumns: Op<"SliceColumns", "x", { start: number; end: number }> = {
  name: "SliceColumns",
  inputs: ["x"],
  rowLocal: ["x"],
  movesOnly: true,
  isView: true,
  infer({ x }, { start, end }) {
    expectInteger(start, 0, "SliceColumns: start");
    expectInteger(end, 1, "SliceColumns: end");
    const [a, b] = [start, end];
    const last = x === undefined ? 0 : fixed(x.shape[x.shape.length - 1], "columns");
    expectShape(a >= 0 && a < b && b <= last, "SliceColumns", [x]);
    return { y: { dtype: x.dtype, shape: [...x.shape.slice(0, -1), b - a] } };
  },
};
