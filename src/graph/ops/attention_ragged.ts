import { expectNumber } from "../attribute.ts";
import { expectDtype } from "../extent.ts";
import { raggedAttentionShape } from "./_attention_shapes.ts";
import type { Op } from "../op.ts";

/** `softmax(scale·q·kᵀ)·v` for each of `heads` within each sequence of a ragged batch: q, k, v `[T, C]`, offsets `[B + 1]`. */
export const attentionRagged: Op<
  "AttentionRagged",
  "q" | "k" | "v" | "offsets",
  { heads: number; scale: number }
> = {
  name: "AttentionRagged",
  inputs: ["q", "k", "v", "offsets"],
  infer({ q, k, v, offsets }, { heads, scale }) {
    expectNumber(scale, "AttentionRagged: scale");
    for (const value of [q, k, v]) expectDtype(value, ["f32"], "AttentionRagged");
    expectDtype(offsets, ["i32"], "AttentionRagged");
    return {
      y: {
        dtype: "f32",
        shape: raggedAttentionShape("AttentionRagged", [q, k, v, offsets], heads),
      },
    };
  },
};
