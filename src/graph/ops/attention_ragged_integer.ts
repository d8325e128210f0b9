import { expectDtype } from "../extent.ts";
import { raggedAttentionShape } from "./_attention_shapes.ts";
import type { Op } from "../graph.ts";

/**
 * Integer attention within each sequence of a ragged batch, scores and softmax included: q, k, v
 * `[T, C]`, offsets `[B + 1]`, multiplier and shift of the scores, exponentials, multiplier and shift
 * of the result; attribute `heads`.
 */
export const attentionRaggedInteger: Op = {
  name: "AttentionRaggedInteger",
  infer([q, k, v, offsets, ...constants], attributes) {
    for (const value of [q, k, v]) expectDtype(value, ["i8"], "AttentionRaggedInteger");
    for (const value of [offsets, ...constants]) {
      expectDtype(value, ["i32"], "AttentionRaggedInteger");
    }
    return {
      dtype: "i8",
      shape: raggedAttentionShape("AttentionRaggedInteger", [q!, k!, v!, offsets!], attributes),
    };
  },
};
