import { expectDtype, expectShape, fixed, same } from "../extent.ts";
import type { Op } from "../op.ts";

/**
 * Rotary embedding of `x [T, C]` in heads of 2·H channels: channels 2i and 2i + 1 turn by the angle of
 * pair i, of which `angles [T, 2, H]` has the cosine and the sine.
 */
export const rotary: Op<"Rotary", "x" | "angles"> = {
  name: "Rotary",
  inputs: ["x", "angles"],
  rowLocal: ["x", "angles"],
  infer({ x, angles }) {
    for (const value of [x, angles]) expectDtype(value, ["f32"], "Rotary");
    const fits = x.shape.length === 2 && angles.shape.length === 3 &&
      same(angles.shape[0], x.shape[0]) && angles.shape[1] === 2 &&
      fixed(x.shape[1], "channels") % (2 * fixed(angles.shape[2], "pairs")) === 0;
    expectShape(fits, "Rotary", [x, angles]);
    return { y: { dtype: "f32", shape: x.shape } };
  },
};
