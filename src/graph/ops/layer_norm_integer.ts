import { expectDtype, expectShape, sameShape } from "../extent.ts";
import type { IntegerOp } from "../op.ts";

/** I-ViT's integer LayerNorm: codes and an integer bias to 32-bit integers. */
export const layerNormInteger: IntegerOp<"LayerNormInteger", "x" | "bias"> = {
  name: "LayerNormInteger",
  integer: true,
  inputs: ["x", "bias"],
  rowLocal: ["x"],
  infer({ x, bias }) {
    expectDtype(x, ["i8", "i16"], "LayerNormInteger");
    expectDtype(bias, ["i32"], "LayerNormInteger");
    expectShape(sameShape(bias.shape, x.shape.slice(-1)), "LayerNormInteger", [x, bias]);
    return { y: { dtype: "i32", shape: x.shape } };
  },
};
