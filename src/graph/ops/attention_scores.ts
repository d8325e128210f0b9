import { expectNumber } from "../attribute.ts";
import { expectDtype } from "../extent.ts";
import { attentionScoresShape } from "./_attention_shapes.ts";
import type { Op } from "../op.ts";

/** `scale·q·kᵀ` for each of `heads`: `[B, Q, C] × [B, L, C] → [B, heads, Q, L]`. */
export const attentionScores: Op<"AttentionScores", "q" | "k", { heads: number; scale: number }> = {
  name: "AttentionScores",
  inputs: ["q", "k"],
  rowLocal: ["q"],
  infer({ q, k }, { heads, scale }) {
    expectNumber(scale, "AttentionScores: scale");
    expectDtype(q, ["f32"], "AttentionScores");
    expectDtype(k, ["f32"], "AttentionScores");
    return { y: { dtype: "f32", shape: attentionScoresShape("AttentionScores", q, k, heads) } };
  },
};
