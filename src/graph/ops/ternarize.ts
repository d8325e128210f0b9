import { expectDtype, expectShape } from "../extent.ts";
import type { TrainingOp } from "../op.ts";

/** Weights as −1, 0 and 1, kept as floats, and what each is worth: `scale [1]`, their mean magnitude. */
export const ternarize: TrainingOp<"Ternarize", "x", Record<never, never>, "y" | "scale"> = {
  name: "Ternarize",
  training: true,
  inputs: ["x"],
  infer({ x }) {
    expectDtype(x, ["f32"], "Ternarize");
    expectShape(x.shape.length >= 1, "Ternarize", [x]);
    return { y: { dtype: "f32", shape: x.shape }, scale: { dtype: "f32", shape: [1] } };
  },
};
