import { FewbitError } from "../../errors.ts";
import { expectShape, product, same } from "../extent.ts";
import type { Extent } from "../graph.ts";
import type { Op } from "../op.ts";

/** The same elements with the extents `shape`; no data is moved where the rows are dense. */
export const reshape: Op<"Reshape", "x", { shape: readonly Extent[] }> = {
  name: "Reshape",
  inputs: ["x"],
  movesOnly: true,
  isView: true,
  infer({ x }, { shape }) {
    if (!Array.isArray(shape)) {
      throw new FewbitError(
        "invalid_argument",
        `Reshape: shape has to be extents, got ${String(shape)}`,
      );
    }
    expectShape(same(product(x.shape), product(shape)), "Reshape", [x]);
    return { y: { dtype: x.dtype, shape } };
  },
};
