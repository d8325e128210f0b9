import { expectDtype } from "../extent.ts";
import { attentionScoresShape } from "./_attention_shapes.ts";
import type { Op } from "../graph.ts";

/** `q·kᵀ` for each of `heads`, as accumulators. */
export const attentionScoresInteger: Op = {
  name: "AttentionScoresInteger",
  infer([q, k], attributes) {
    expectDtype(q, ["i8"], "AttentionScoresInteger");
    expectDtype(k, ["i8"], "AttentionScoresInteger");
    return {
      dtype: "i32",
      shape: attentionScoresShape("AttentionScoresInteger", q, k, attributes),
    };
  },
};
