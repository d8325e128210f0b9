import { attentionScores, attentionValues, transpose } from "../../graph/ops/mod.ts";
import type { GradientRule } from "../rule.ts";

/** `scale·dS·k` and `scale·dSᵀ·q` of each head. */
export const attentionScoresGradient: GradientRule<"AttentionScores"> = (
  build,
  { inputs: { q, k }, attributes: { scale } },
  { y },
) => ({
  q: () => build.scale(build.graph.apply(attentionValues, { p: y!, v: k }), scale),
  k: () => {
    const p = build.graph.apply(transpose, { x: y! }, { perm: [0, 1, 3, 2] });
    return build.scale(build.graph.apply(attentionValues, { p, v: q }), scale);
  },
});

/** `dy·vᵀ` and `pᵀ·dy` of each head. */
export const attentionValuesGradient: GradientRule<"AttentionValues"> = (
  { graph },
  { inputs: { p, v } },
  { y },
) => ({
  p: () => {
    const heads = p.shape[1] as number;
    return graph.apply(attentionScores, { q: y!, k: v }, { heads, scale: 1 });
  },
  v: () => {
    const transposed = graph.apply(transpose, { x: p }, { perm: [0, 1, 3, 2] });
    return graph.apply(attentionValues, { p: transposed, v: y! });
  },
});
