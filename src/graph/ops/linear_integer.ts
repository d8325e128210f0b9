import { expectOneOf } from "../attribute.ts";
import { expectDtype, expectShape, same, sameShape } from "../extent.ts";
import type { IntegerOp } from "../op.ts";

/** Accumulators `x·weightᵀ + bias` (i32) of int8 or int16 codes; attribute `weightBits` 8 (default) or 7. */
export const linearInteger: IntegerOp<
  "LinearInteger",
  "x" | "weight" | "bias?",
  { weightBits?: 7 | 8 }
> = {
  name: "LinearInteger",
  integer: true,
  inputs: ["x", "weight", "bias?"],
  rowLocal: ["x"],
  infer({ x, weight, bias }, { weightBits = 8 }) {
    expectOneOf(weightBits, [7, 8], "LinearInteger: weightBits");
    expectDtype(x, ["i8", "i16"], "LinearInteger");
    expectDtype(weight, ["i8"], "LinearInteger");
    const [n, k] = weight.shape;
    const fits = weight.shape.length === 2 && same(x.shape[x.shape.length - 1], k) &&
      (bias === undefined || sameShape(bias.shape, [n]));
    expectShape(fits, "LinearInteger", [x, weight, bias]);
    return { y: { dtype: "i32", shape: [...x.shape.slice(0, -1), n] } };
  },
};
