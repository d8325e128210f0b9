import { expectDtype, expectShape, sameShape } from "../extent.ts";
import type { Op } from "../graph.ts";

/** Softmax over the last axis; an optional mask `[W, Q, L]` (u8) hides entries of `[B, H, Q, L]`, window b mod W. */
export const softmax: Op = {
  name: "Softmax",
  infer([x, mask]) {
    expectDtype(x, ["f32"], "Softmax");
    const fits = mask === undefined ||
      x.shape.length === 4 && mask.shape.length === 3 &&
        sameShape(mask.shape.slice(1), x.shape.slice(2));
    expectShape(fits, "Softmax", [x, mask]);
    return { dtype: "f32", shape: x.shape };
  },
};
