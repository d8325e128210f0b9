import { expectDtype, expectShape } from "../extent.ts";
import type { IntegerOp } from "../op.ts";

/** Rows as int8 codes `q`, rounded half to even, and the factor `alpha [… , 1]` of each: `q ≈ x·alpha`. */
export const quantizeRows: IntegerOp<"QuantizeRows", "x", Record<never, never>, "q" | "alpha"> = {
  name: "QuantizeRows",
  integer: true,
  inputs: ["x"],
  rowLocal: ["x"],
  infer({ x }) {
    expectDtype(x, ["f32"], "QuantizeRows");
    expectShape(x.shape.length >= 2, "QuantizeRows", [x]);
    return {
      q: { dtype: "i8", shape: x.shape },
      alpha: { dtype: "f32", shape: [...x.shape.slice(0, -1), 1] },
    };
  },
};
