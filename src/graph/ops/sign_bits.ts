import { expectDtype, expectShape, fixed, product } from "../extent.ts";
import type { TrainingOp } from "../op.ts";

/** Which elements are above 0, eight a byte in their order: u8 `[elements / 8]`. */
export const signBits: TrainingOp<"SignBits", "x"> = {
  name: "SignBits",
  training: true,
  inputs: ["x"],
  infer({ x }) {
    expectDtype(x, ["f32"], "SignBits");
    const count = fixed(product(x.shape), "SignBits: the number of elements");
    expectShape(count % 8 === 0, "SignBits", [x]);
    return { y: { dtype: "u8", shape: [count / 8] } };
  },
};
