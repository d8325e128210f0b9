import { expectOneOf } from "../attribute.ts";
import { expectDtype, expectShape } from "../extent.ts";
import type { Extent } from "../graph.ts";
import type { Op } from "../op.ts";

/**
 * One row for each sequence of a ragged batch `[T, C]` with offsets `[B + 1]`: attribute `pooling` is
 * `sum` or `first`. Integers give 32-bit integers.
 */
export const poolRows: Op<"PoolRows", "x" | "offsets", { pooling: "sum" | "first" }> = {
  name: "PoolRows",
  inputs: ["x", "offsets"],
  infer({ x, offsets }, { pooling }) {
    expectOneOf(pooling, ["sum", "first"], "PoolRows: pooling");
    expectDtype(x, ["f32", "i8", "i16"], "PoolRows");
    expectDtype(offsets, ["i32"], "PoolRows");
    expectShape(x.shape.length === 2 && offsets.shape.length === 1, "PoolRows", [x, offsets]);
    return {
      y: {
        dtype: x.dtype === "f32" ? "f32" : "i32",
        shape: [oneLess(offsets.shape[0]), x.shape[1]],
      },
    };
  },
};

function oneLess(extent: Extent): Extent {
  return typeof extent === "number" ? extent - 1 : { ...extent, plus: extent.plus - 1 };
}
