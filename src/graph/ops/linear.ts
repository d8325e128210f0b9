import { expectDtype, expectShape, same, sameShape } from "../extent.ts";
import type { Op } from "../op.ts";

/** `y = x·weightᵀ + bias`, weight `[N, K]`, on the last axis. */
export const linear: Op<"Linear", "x" | "weight" | "bias?"> = {
  name: "Linear",
  inputs: ["x", "weight", "bias?"],
  rowLocal: ["x"],
  infer({ x, weight, bias }) {
    expectDtype(x, ["f32"], "Linear");
    expectDtype(weight, ["f32"], "Linear");
    const [n, k] = weight.shape;
    const fits = weight.shape.length === 2 && same(x.shape[x.shape.length - 1], k) &&
      (bias === undefined || sameShape(bias.shape, [n]));
    expectShape(fits, "Linear", [x, weight, bias]);
    return { y: { dtype: "f32", shape: [...x.shape.slice(0, -1), n] } };
  },
};
