import { expectDtype, expectShape, same, sameShape } from "../extent.ts";
import type { Op } from "../op.ts";

/**
 * Depthwise causal convolution over the tokens of a ragged batch, then SiLU: weight `[W, C]` with the
 * present token last; the state `[sessions, W, C]` holds the last inputs and is updated.
 */
export const shortConv: Op<"ShortConv", "x" | "weight" | "offsets" | "slot" | "past" | "state"> = {
  name: "ShortConv",
  inputs: ["x", "weight", "offsets", "slot", "past", "state"],
  writes: ["state"],
  infer({ x, weight, offsets, slot, past, state }) {
    for (const value of [x, weight, state]) expectDtype(value, ["f32"], "ShortConv");
    for (const value of [offsets, slot, past]) expectDtype(value, ["i32"], "ShortConv");
    const [taps, columns] = weight.shape;
    const fits = x.shape.length === 2 && weight.shape.length === 2 &&
      same(x.shape[1], columns) && sameShape(past.shape, slot.shape) &&
      state.shape.length === 3 && sameShape(state.shape.slice(1), [taps, columns]);
    expectShape(fits, "ShortConv", [x, weight, offsets, slot, past, state]);
    return { y: { dtype: "f32", shape: x.shape } };
  },
};
