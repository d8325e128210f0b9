import { expectDtype, expectShape, sameShape } from "../extent.ts";
import type { Op } from "../op.ts";

/** `a + b`; b may repeat over leading axes. In a residual, a is the branch and b the identity. */
export const add: Op<"Add", "a" | "b"> = {
  name: "Add",
  inputs: ["a", "b"],
  rowLocal: ["a", "b"],
  infer({ a, b }) {
    expectDtype(a, ["f32"], "Add");
    expectDtype(b, ["f32"], "Add");
    const fits = b.shape.length <= a.shape.length &&
      sameShape(b.shape, a.shape.slice(a.shape.length - b.shape.length));
    expectShape(fits, "Add", [a, b]);
    return { y: { dtype: "f32", shape: a.shape } };
  },
};
