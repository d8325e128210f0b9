import { expectDtype } from "../extent.ts";
import { raggedAttentionShape } from "./_attention_shapes.ts";
import type { Op } from "../graph.ts";

/** `softmax(scale·q·kᵀ)·v` for each of `heads` within each sequence of a ragged batch: q, k, v `[T, C]`, offsets `[B + 1]`. */
export const attentionRagged: Op = {
  name: "AttentionRagged",
  infer([q, k, v, offsets], attributes) {
    for (const value of [q, k, v]) expectDtype(value, ["f32"], "AttentionRagged");
    expectDtype(offsets, ["i32"], "AttentionRagged");
    return {
      dtype: "f32",
      shape: raggedAttentionShape("AttentionRagged", [q!, k!, v!, offsets], attributes),
    };
  },
};
