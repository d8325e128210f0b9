import { UNARY_FUNCTIONS } from "../../instructions/unary_functions.ts";
import type { UnaryFunction } from "../../instructions/unary_functions.ts";
import { expectOneOf } from "../attribute.ts";
import { expectDtype } from "../extent.ts";
import type { Op } from "../op.ts";

/** A function of one number, computed and not looked up; attribute `kind` is one of `UNARY_FUNCTIONS`. */
export const unary: Op<"Unary", "x", { kind: UnaryFunction }> = {
  name: "Unary",
  inputs: ["x"],
  rowLocal: ["x"],
  infer({ x }, { kind }) {
    expectDtype(x, ["f32"], "Unary");
    expectOneOf(kind, UNARY_FUNCTIONS, "Unary: kind");
    return { y: { dtype: "f32", shape: x.shape } };
  },
};
