import { UNARY_FUNCTIONS } from "../../instructions/unary_functions.ts";
import type { UnaryFunction } from "../../instructions/unary_functions.ts";
import { expectOneOf } from "../attribute.ts";
import { expectDtype, expectShape, sameShape } from "../extent.ts";
import type { TrainingOp } from "../op.ts";

/** `dy·f'(x)` of a function of one number. */
export const unaryGradient: TrainingOp<"UnaryGradient", "x" | "dy", { kind: UnaryFunction }> = {
  name: "UnaryGradient",
  training: true,
  inputs: ["x", "dy"],
  infer({ x, dy }, { kind }) {
    expectDtype(x, ["f32"], "UnaryGradient");
    expectDtype(dy, ["f32"], "UnaryGradient");
    expectOneOf(kind, UNARY_FUNCTIONS, "UnaryGradient: kind");
    expectShape(sameShape(x.shape, dy.shape), "UnaryGradient", [x, dy]);
    return { y: { dtype: "f32", shape: x.shape } };
  },
};
