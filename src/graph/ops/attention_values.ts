import { expectDtype } from "../extent.ts";
import { attentionValuesShape } from "./_attention_shapes.ts";
import type { Op } from "../graph.ts";

/** `p·v` for each head: `[B, heads, Q, L] × [B, L, C] → [B, Q, C]`. */
export const attentionValues: Op = {
  name: "AttentionValues",
  infer([p, v]) {
    expectDtype(p, ["f32"], "AttentionValues");
    expectDtype(v, ["f32"], "AttentionValues");
    return { dtype: "f32", shape: attentionValuesShape("AttentionValues", p, v) };
  },
};
