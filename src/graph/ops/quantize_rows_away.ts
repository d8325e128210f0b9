import { expectDtype, expectShape } from "../extent.ts";
import type { TrainingOp } from "../op.ts";

/**
 * Rows as the codes `q` that a ternary layer reads, rounded half away from zero and kept as floats, and the factor
 * `alpha [… , 1]` of each: `q ≈ x·alpha`.
 */
export const quantizeRowsAway: TrainingOp<
  "QuantizeRowsAway",
  "x",
  Record<never, never>,
  "q" | "alpha"
> = {
  name: "QuantizeRowsAway",
  training: true,
  inputs: ["x"],
  rowLocal: ["x"],
  infer({ x }) {
    expectDtype(x, ["f32"], "QuantizeRowsAway");
    expectShape(x.shape.length >= 2, "QuantizeRowsAway", [x]);
    return {
      q: { dtype: "f32", shape: x.shape },
      alpha: { dtype: "f32", shape: [...x.shape.slice(0, -1), 1] },
    };
  },
};
