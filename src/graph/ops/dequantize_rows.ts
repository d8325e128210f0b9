import { expectDtype, expectShape, sameShape } from "../extent.ts";
import type { IntegerOp } from "../op.ts";

/** Sums of the codes of `QuantizeRows` times codes with a `scale [N]`, as float32: `x·scale / alpha`. */
export const dequantizeRows: IntegerOp<"DequantizeRows", "x" | "scale" | "alpha"> = {
  name: "DequantizeRows",
  integer: true,
  inputs: ["x", "scale", "alpha"],
  rowLocal: ["x", "alpha"],
  infer({ x, scale, alpha }) {
    expectDtype(x, ["i32"], "DequantizeRows");
    expectDtype(scale, ["f32"], "DequantizeRows");
    expectDtype(alpha, ["f32"], "DequantizeRows");
    const rows = x.shape.slice(0, -1);
    const fits = rows.length >= 1 && sameShape(scale.shape, x.shape.slice(-1)) &&
      sameShape(alpha.shape, [...rows, 1]);
    expectShape(fits, "DequantizeRows", [x, scale, alpha]);
    return { y: { dtype: "f32", shape: x.shape } };
  },
};
