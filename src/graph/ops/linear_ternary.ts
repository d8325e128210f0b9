import { expectDtype, expectShape, same, sameShape } from "../extent.ts";
import type { IntegerOp } from "../op.ts";

/**
 * Linear layer on the codes and factors of `QuantizeRows`, weights −1, 0 and 1 worth `weightScale [1]`:
 * `(x·weightᵀ)·(weightScale / alpha)`. There is no norm in it, unlike in `BitLinear`.
 */
export const linearTernary: IntegerOp<
  "LinearTernary",
  "x" | "alpha" | "weight" | "weightScale"
> = {
  name: "LinearTernary",
  integer: true,
  inputs: ["x", "alpha", "weight", "weightScale"],
  rowLocal: ["x", "alpha"],
  infer({ x, alpha, weight, weightScale }) {
    expectDtype(x, ["i8"], "LinearTernary");
    expectDtype(alpha, ["f32"], "LinearTernary");
    expectDtype(weight, ["i8"], "LinearTernary");
    expectDtype(weightScale, ["f32"], "LinearTernary");
    const [n, k] = weight.shape;
    const rows = x.shape.slice(0, -1);
    const fits = weight.shape.length === 2 && rows.length >= 1 &&
      same(x.shape[rows.length], k) && sameShape(alpha.shape, [...rows, 1]) &&
      sameShape(weightScale.shape, [1]);
    expectShape(fits, "LinearTernary", [x, alpha, weight, weightScale]);
    return { y: { dtype: "f32", shape: [...rows, n] } };
  },
};
