import { expectDtype, expectShape } from "../extent.ts";
import type { TrainingOp } from "../op.ts";

/**
 * Lower bounds of the forget gates of HGRN from `x [layers, channels]`: the softmax over the layers, summed up to the
 * layer, less the first layer's share.
 */
export const lowerBounds: TrainingOp<"LowerBounds", "x"> = {
  name: "LowerBounds",
  training: true,
  inputs: ["x"],
  infer({ x }) {
    expectDtype(x, ["f32"], "LowerBounds");
    expectShape(x.shape.length === 2, "LowerBounds", [x]);
    return { y: { dtype: "f32", shape: x.shape } };
  },
};
