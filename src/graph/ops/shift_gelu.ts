import { expectDtype } from "../extent.ts";
import type { IntegerOp } from "../op.ts";

/** I-ViT's ShiftGELU: int8 codes and x0 to 32-bit products. */
export const shiftGelu: IntegerOp<"ShiftGelu", "x" | "x0"> = {
  name: "ShiftGelu",
  integer: true,
  inputs: ["x", "x0"],
  rowLocal: ["x"],
  infer({ x, x0 }) {
    expectDtype(x, ["i8"], "ShiftGelu");
    expectDtype(x0, ["i32"], "ShiftGelu");
    return { y: { dtype: "i32", shape: x.shape } };
  },
};
