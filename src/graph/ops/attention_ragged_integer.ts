import { expectDtype } from "../extent.ts";
import { raggedAttentionShape } from "./_attention_shapes.ts";
import type { IntegerOp } from "../op.ts";

/**
 * Integer attention within each sequence of a ragged batch, scores and softmax included: q, k, v
 * `[T, C]`, offsets `[B + 1]`, multiplier and shift of the scores, exponentials, multiplier and shift
 * of the result; attribute `heads`.
 */
export const attentionRaggedInteger: IntegerOp<
  "AttentionRaggedInteger",
  | "q"
  | "k"
  | "v"
  | "offsets"
  | "multiplier"
  | "shift"
  | "exponentials"
  | "valueMultiplier"
  | "valueShift",
  { heads: number }
> = {
  name: "AttentionRaggedInteger",
  integer: true,
  inputs: [
    "q",
    "k",
    "v",
    "offsets",
    "multiplier",
    "shift",
    "exponentials",
    "valueMultiplier",
    "valueShift",
  ],
  infer({ q, k, v, offsets, ...constants }, { heads }) {
    for (const value of [q, k, v]) expectDtype(value, ["i8"], "AttentionRaggedInteger");
    for (const value of [offsets, ...Object.values(constants)]) {
      expectDtype(value, ["i32"], "AttentionRaggedInteger");
    }
    return {
      y: {
        dtype: "i8",
        shape: raggedAttentionShape("AttentionRaggedInteger", [q, k, v, offsets], heads),
      },
    };
  },
};
