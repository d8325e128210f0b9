import { expectDtype } from "../extent.ts";
import { attentionValuesShape } from "./_attention_shapes.ts";
import type { Op } from "../op.ts";

/** `p·v` for each head: `[B, heads, Q, L] × [B, L, C] → [B, Q, C]`. */
export const attentionValues: Op<"AttentionValues", "p" | "v"> = {
  name: "AttentionValues",
  inputs: ["p", "v"],
  rowLocal: ["p"],
  joins: "p",
  infer({ p, v }) {
    expectDtype(p, ["f32"], "AttentionValues");
    expectDtype(v, ["f32"], "AttentionValues");
    return { y: { dtype: "f32", shape: attentionValuesShape("AttentionValues", p, v) } };
  },
};
