import { FewbitError } from "../../errors.ts";
import { expectDtype, expectShape, same, sameShape } from "../extent.ts";
import type { Op } from "../op.ts";

/**
 * `a·b` of the last two axes, for each of the leading ones; a matrix of two axes serves all. `transposeA`: `aᵀ·b`,
 * `transposeB`: `a·bᵀ`.
 */
export const matMul: Op<"MatMul", "a" | "b", { transposeA?: boolean; transposeB?: boolean }> = {
  name: "MatMul",
  inputs: ["a", "b"],
  infer({ a, b }, { transposeA = false, transposeB = false }) {
    expectDtype(a, ["f32"], "MatMul");
    expectDtype(b, ["f32"], "MatMul");
    if (transposeA && transposeB) {
      throw new FewbitError("unsupported", "MatMul: transpose the product instead of both factors");
    }
    const [batchA, batchB] = [a.shape.slice(0, -2), b.shape.slice(0, -2)];
    const fits = a.shape.length >= 2 && b.shape.length >= 2 &&
      (batchA.length === 0 || batchB.length === 0 || sameShape(batchA, batchB));
    const [m, k] = transposeA ? a.shape.slice(-2).reverse() : a.shape.slice(-2);
    const [l, n] = transposeB ? b.shape.slice(-2).reverse() : b.shape.slice(-2);
    expectShape(fits && same(k, l), "MatMul", [a, b]);
    return { y: { dtype: "f32", shape: [...(batchA.length === 0 ? batchB : batchA), m, n] } };
  },
};
