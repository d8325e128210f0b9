import { expectDtype } from "../extent.ts";
import { attentionValuesShape } from "./_attention_shapes.ts";
import type { IntegerOp } from "../op.ts";

/** `p·v` for each head, as accumulators. */
export const attentionValuesInteger: IntegerOp<"AttentionValuesInteger", "p" | "v"> = {
  name: "AttentionValuesInteger",
  integer: true,
  inputs: ["p", "v"],
  rowLocal: ["p"],
  joins: "p",
  infer({ p, v }) {
    expectDtype(p, ["i8", "i16"], "AttentionValuesInteger");
    expectDtype(v, ["i8"], "AttentionValuesInteger");
    return { y: { dtype: "i32", shape: attentionValuesShape("AttentionValuesInteger", p, v) } };
  },
};
