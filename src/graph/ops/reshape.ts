import { expectShape, product, same } from "../extent.ts";
import type { Extent, Op } from "../graph.ts";

/** The same elements with other extents; no data is moved where the rows are dense. */
export function reshape(shape: readonly Extent[]): Op {
  return {
    name: "Reshape",
    infer([x]) {
      expectShape(x !== undefined && same(product(x.shape), product(shape)), "Reshape", [x]);
      return { dtype: x!.dtype, shape };
    },
  };
}
