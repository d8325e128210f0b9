import { expectInteger, expectOneOf } from "../attribute.ts";
import { expectDtype, expectShape, fixed } from "../extent.ts";
import type { Op } from "../op.ts";

/** Cuts images into patches: `[B, C, H, W]` (`order` "channels_first") or `[B, H, W, C]` to `[B, patches, patch·patch·C]`, rows in the order (y, x, channel). Attribute `patch`. */
export const patches: Op<
  "Patches",
  "x",
  { patch: number; order: "channels_first" | "channels_last" }
> = {
  name: "Patches",
  inputs: ["x"],
  movesOnly: true,
  infer({ x }, { patch, order }) {
    expectDtype(x, ["f32", "i8"], "Patches");
    expectInteger(patch, 1, "Patches: patch");
    expectOneOf(order, ["channels_first", "channels_last"], "Patches: order");
    expectShape(x.shape.length === 4, "Patches", [x]);
    const first = order === "channels_first";
    const [h, w, c] = [first ? 2 : 1, first ? 3 : 2, first ? 1 : 3].map((axis) =>
      fixed(x.shape[axis], "image extents")
    );
    const p = patch;
    expectShape(h % p === 0 && w % p === 0, "Patches", [x]);
    return { y: { dtype: x.dtype, shape: [x.shape[0], h / p * (w / p), p * p * c] } };
  },
};
