import { expectNumber } from "../attribute.ts";
import { expectDtype, expectShape, sameShape } from "../extent.ts";
import type { Op } from "../op.ts";

/** `y = x / √(mean(x²) + epsilon) · gamma` over the last axis (ONNX RMSNormalization). */
export const rmsNormalization: Op<"RMSNormalization", "x" | "gamma", { epsilon: number }> = {
  name: "RMSNormalization",
  inputs: ["x", "gamma"],
  rowLocal: ["x"],
  infer({ x, gamma }, { epsilon }) {
    expectNumber(epsilon, "RMSNormalization: epsilon", 0);
    expectDtype(x, ["f32"], "RMSNormalization");
    expectDtype(gamma, ["f32"], "RMSNormalization");
    expectShape(sameShape(gamma.shape, x.shape.slice(-1)), "RMSNormalization", [x, gamma]);
    return { y: { dtype: "f32", shape: x.shape } };
  },
};
