import { expectInteger } from "../attribute.ts";
import { expectDtype, fixed } from "../extent.ts";
import type { Op } from "../op.ts";

/** Zeros before and after the columns of the last axis; the adjoint of `SliceColumns`. With reshapes, of any axis. */
export const padColumns: Op<"PadColumns", "x", { before: number; after: number }> = {
  name: "PadColumns",
  inputs: ["x"],
  infer({ x }, { before, after }) {
    expectDtype(x, ["f32"], "PadColumns");
    expectInteger(before, 0, "PadColumns: before");
    expectInteger(after, 0, "PadColumns: after");
    const columns = fixed(x.shape[x.shape.length - 1], "PadColumns: columns");
    return { y: { dtype: "f32", shape: [...x.shape.slice(0, -1), before + columns + after] } };
  },
};
