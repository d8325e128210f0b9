import { expectNumber } from "../attribute.ts";
import { expectDtype, expectShape, same, sameShape } from "../extent.ts";
import type { Op } from "../op.ts";

/**
 * A ternary layer: RMSNorm with `gamma` and the attribute `epsilon`, int8 codes with a factor a row,
 * exact sums of codes times trits, and the weight's scale `[1]` over the factor.
 */
export const bitLinear: Op<
  "BitLinear",
  "x" | "gamma" | "weight" | "weightScale",
  { epsilon: number }
> = {
  name: "BitLinear",
  inputs: ["x", "gamma", "weight", "weightScale"],
  rowLocal: ["x"],
  infer({ x, gamma, weight, weightScale }, { epsilon }) {
    expectNumber(epsilon, "BitLinear: epsilon", 0);
    expectDtype(x, ["f32"], "BitLinear");
    expectDtype(gamma, ["f32"], "BitLinear");
    expectDtype(weight, ["i8"], "BitLinear");
    expectDtype(weightScale, ["f32"], "BitLinear");
    const [n, k] = weight.shape;
    const fits = weight.shape.length === 2 && x.shape.length >= 2 &&
      same(x.shape[x.shape.length - 1], k) && sameShape(gamma.shape, [k]) &&
      sameShape(weightScale.shape, [1]);
    expectShape(fits, "BitLinear", [x, gamma, weight, weightScale]);
    return { y: { dtype: "f32", shape: [...x.shape.slice(0, -1), n] } };
  },
};
