import { expectDtype, expectShape, same } from "../extent.ts";
import type { Op } from "../op.ts";

/** Adds a row of `[P, C]` to each token of `[T, C]`: that of its position in its sequence; offsets `[B + 1]`. */
export const addPositions: Op<"AddPositions", "x" | "positions" | "offsets"> = {
  name: "AddPositions",
  inputs: ["x", "positions", "offsets"],
  infer({ x, positions, offsets }) {
    expectDtype(x, ["f32"], "AddPositions");
    expectDtype(positions, ["f32"], "AddPositions");
    expectDtype(offsets, ["i32"], "AddPositions");
    const fits = x.shape.length === 2 && positions.shape.length === 2 &&
      same(x.shape[1], positions.shape[1]) && offsets.shape.length === 1;
    expectShape(fits, "AddPositions", [x, positions, offsets]);
    return { y: { dtype: "f32", shape: x.shape } };
  },
};
