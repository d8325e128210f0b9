import { expectDtype, expectShape, sameShape } from "../extent.ts";
import type { Op } from "../op.ts";

/** Softmax over the last axis; an optional mask `[W, Q, L]` (u8) hides entries of `[B, H, Q, L]`, window b mod W. */
export const softmax: Op<"Softmax", "x" | "mask?"> = {
  name: "Softmax",
  inputs: ["x", "mask?"],
  rowLocal: ["x"],
  // A mask repeats over rows: it has no row for each of the output.
  isRowLocal: ({ mask }) => mask === undefined,
  infer({ x, mask }) {
    expectDtype(x, ["f32"], "Softmax");
    const fits = mask === undefined ||
      x.shape.length === 4 && mask.shape.length === 3 &&
        sameShape(mask.shape.slice(1), x.shape.slice(2));
    expectShape(fits, "Softmax", [x, mask]);
    return { y: { dtype: "f32", shape: x.shape } };
  },
};
