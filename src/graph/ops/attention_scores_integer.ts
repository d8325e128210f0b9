import { expectDtype } from "../extent.ts";
import { attentionScoresShape } from "./_attention_shapes.ts";
import type { IntegerOp } from "../op.ts";

/** `q·kᵀ` for each of `heads`, as accumulators. */
export const attentionScoresInteger: IntegerOp<
  "AttentionScoresInteger",
  "q" | "k",
  { heads: number }
> = {
  name: "AttentionScoresInteger",
  integer: true,
  inputs: ["q", "k"],
  rowLocal: ["q"],
  infer({ q, k }, { heads }) {
    expectDtype(q, ["i8"], "AttentionScoresInteger");
    expectDtype(k, ["i8"], "AttentionScoresInteger");
    return {
      y: {
        dtype: "i32",
        shape: attentionScoresShape("AttentionScoresInteger", q, k, heads),
      },
    };
  },
};
