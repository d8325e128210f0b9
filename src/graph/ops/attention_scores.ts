import { expectDtype } from "../extent.ts";
import { attentionScoresShape } from "./_attention_shapes.ts";
import type { Op } from "../graph.ts";

/** `scale·q·kᵀ` for each of `heads`: `[B, Q, C] × [B, L, C] → [B, heads, Q, L]`. */
export const attentionScores: Op = {
  name: "AttentionScores",
  infer([q, k], attributes) {
    expectDtype(q, ["f32"], "AttentionScores");
    expectDtype(k, ["f32"], "AttentionScores");
    return { dtype: "f32", shape: attentionScoresShape("AttentionScores", q, k, attributes) };
  },
};
