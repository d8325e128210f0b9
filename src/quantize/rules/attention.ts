/** Attention as nodes of its own: scores and values of each head. */
import type { NodeNamed } from "../../graph/op_names.ts";
import { attentionScoresInteger, attentionValuesInteger } from "../../graph/ops/mod.ts";
import { knownScale, multiply } from "../integer_network.ts";
import type { IntegerRewriter } from "../rewriter.ts";

/** `q·kᵀ`; the factor before softmax is part of the scale. */
export function attentionScoresRule(
  rewriter: IntegerRewriter,
  node: NodeNamed<"AttentionScores">,
): void {
  const { attributes: { heads, scale: root }, outputs: { y } } = node;
  const q = rewriter.read(node, "q");
  const k = rewriter.read(node, "k");
  const value = rewriter.graph.apply(attentionScoresInteger, { q: q.value, k: k.value }, { heads });
  rewriter.settle(y, {
    value,
    scale: multiply(multiply(q.scale, k.scale), knownScale(root)),
  });
}

/** `p·v`. */
export function attentionValuesRule(
  rewriter: IntegerRewriter,
  node: NodeNamed<"AttentionValues">,
): void {
  const p = rewriter.read(node, "p");
  // Channels stay apart.
  const v = rewriter.readDivided(node, "v");
  const { divisors } = v;
  const value = rewriter.graph.apply(attentionValuesInteger, { p: p.value, v: v.value });
  rewriter.settle(node.outputs.y, { value, scale: multiply(p.scale, v.scale), divisors });
}
