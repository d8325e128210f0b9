import { expectDtype, expectShape, fixed, product } from "../extent.ts";
import type { TrainingOp } from "../op.ts";

/** x times 1 where a bit is set and times 0 elsewhere, by the bits of `SignBits`. */
export const masked: TrainingOp<"Masked", "x" | "bits"> = {
  name: "Masked",
  training: true,
  inputs: ["x", "bits"],
  infer({ x, bits }) {
    expectDtype(x, ["f32"], "Masked");
    expectDtype(bits, ["u8"], "Masked");
    const count = fixed(product(x.shape), "Masked: the number of elements");
    expectShape(bits.shape.length === 1 && bits.shape[0] === count / 8, "Masked", [x, bits]);
    return { y: { dtype: "f32", shape: x.shape } };
  },
};
