import { same } from "../../graph/extent.ts";
import type { Value } from "../../graph/graph.ts";
import { isNode } from "../../graph/op_names.ts";
import type { NodeNamed } from "../../graph/op_names.ts";
import { float32 } from "../constants.ts";
import { expect } from "../fusion.ts";
import type { Fusion, Match } from "../fusion.ts";

/** The nodes of an attention before its values. */
interface AttentionMatch extends Match {
  readonly scores: NodeNamed<"AttentionScores">;
  readonly bias: Value | undefined;
  readonly softmax: NodeNamed<"Softmax">;
}

/** Attention in float32, which is always one instruction. */
export const floatAttention: Fusion<"AttentionValues", AttentionMatch> = {
  name: "attention",
  at: "AttentionValues",
  applies: () => true,
  match(lowering, { inputs: { p, v } }) {
    if (lowering.producer(p)?.op !== "Softmax") return undefined;
    const softmax = lowering.only(p, "Softmax");
    const { x } = softmax.inputs;
    const add = isNode(lowering.producer(x), "Add") ? lowering.only(x, "Add") : undefined;
    const scores = lowering.only(add?.inputs.a ?? x, "AttentionScores");
    const { q } = scores.inputs;
    expect(same(q.shape[2], v.shape[2]), "queries and values differ in width");
    const rank = add?.inputs.b.shape.length ?? 3;
    expect(rank === 3, "the bias is not [heads, queries, keys]");
    const nodes = [softmax, scores, ...add === undefined ? [] : [add]];
    return { nodes, scores, bias: add?.inputs.b, softmax };
  },
  emit(lowering, { inputs: { v }, outputs: { y } }, { scores, bias, softmax }) {
    const { heads, scale } = scores.attributes;
    lowering.emit(y, "attention_f32", {
      q: lowering.operand(scores.inputs.q),
      k: lowering.operand(scores.inputs.k),
      v: lowering.operand(v),
      scale: float32(lowering, scale),
      bias: lowering.optional(bias),
      mask: lowering.optional(softmax.inputs.mask),
      y: lowering.result(y),
    }, { heads, precision: lowering.options.fast ? 1 : 0 });
  },
};
