import { expectNumber } from "../attribute.ts";
import { expectDtype, expectShape, same, sameShape } from "../extent.ts";
import type { Op } from "../op.ts";

/**
 * The authors' FusedBitLinear as it is trained: RMSNorm with `gamma` and the attribute `epsilon`, int8
 * codes of each row, and latent float weights `[N, K]` that are made ternary. {@linkcode bitLinear} is
 * what `quantizeTernary` makes of it.
 */
export const fusedBitLinear: Op<"FusedBitLinear", "x" | "gamma" | "weight", { epsilon: number }> = {
  name: "FusedBitLinear",
  inputs: ["x", "gamma", "weight"],
  rowLocal: ["x"],
  infer({ x, gamma, weight }, { epsilon }) {
    expectNumber(epsilon, "FusedBitLinear: epsilon", 0);
    expectDtype(x, ["f32"], "FusedBitLinear");
    expectDtype(gamma, ["f32"], "FusedBitLinear");
    expectDtype(weight, ["f32"], "FusedBitLinear");
    const [n, k] = weight.shape;
    const fits = weight.shape.length === 2 && x.shape.length >= 2 &&
      same(x.shape[x.shape.length - 1], k) && sameShape(gamma.shape, [k]);
    expectShape(fits, "FusedBitLinear", [x, gamma, weight]);
    return { y: { dtype: "f32", shape: [...x.shape.slice(0, -1), n] } };
  },
};
