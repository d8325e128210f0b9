import { expectDtype, expectShape, sameShape } from "../extent.ts";
import type { Op } from "../op.ts";

/**
 * A linear recurrence along the rows of `[T, C]`: `y[t] = f[t]·y[t−1] + x[t]` from `initial` `[C]` or zeros;
 * `reverse`: from the last row to the first.
 */
export const scan: Op<"Scan", "f" | "x" | "initial?", { reverse?: boolean }> = {
  name: "Scan",
  inputs: ["f", "x", "initial?"],
  infer({ f, x, initial }) {
    for (const value of [f, x]) expectDtype(value, ["f32"], "Scan");
    const fits = x.shape.length === 2 && sameShape(f.shape, x.shape) &&
      (initial === undefined || sameShape(initial.shape, x.shape.slice(1)));
    expectShape(fits, "Scan", [f, x, initial]);
    return { y: { dtype: "f32", shape: x.shape } };
  },
};
