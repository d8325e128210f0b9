import { expectDtype } from "../extent.ts";
import { attentionValuesShape } from "./_attention_shapes.ts";
import type { Op } from "../graph.ts";

/** `p·v` for each head, as accumulators. */
export const attentionValuesInteger: Op = {
  name: "AttentionValuesInteger",
  infer([p, v]) {
    expectDtype(p, ["i8", "i16"], "AttentionValuesInteger");
    expectDtype(v, ["i8"], "AttentionValuesInteger");
    return { dtype: "i32", shape: attentionValuesShape("AttentionValuesInteger", p, v) };
  },
};
