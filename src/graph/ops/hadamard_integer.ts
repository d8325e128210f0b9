import { expectDtype, expectShape, sameShape } from "../extent.ts";
import type { IntegerOp } from "../op.ts";

/** A rotation of the residual by additions: `signs ∘ (H·round(x / 2^shift))`, `hadamard_i32`. */
export const hadamardInteger: IntegerOp<
  "HadamardInteger",
  "x" | "shift" | "signs",
  { paley?: boolean }
> = {
  name: "HadamardInteger",
  integer: true,
  inputs: ["x", "shift", "signs"],
  rowLocal: ["x"],
  infer({ x, shift, signs }) {
    for (const value of [x, shift]) expectDtype(value, ["i32"], "HadamardInteger");
    expectDtype(signs, ["i8"], "HadamardInteger");
    const fits = sameShape(signs.shape, x.shape.slice(-1)) && sameShape(shift.shape, [1]);
    expectShape(fits, "HadamardInteger", [x, shift, signs]);
    return { y: { dtype: "i32", shape: x.shape } };
  },
};
