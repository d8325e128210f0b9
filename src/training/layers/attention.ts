import type { Value } from "../../graph/graph.ts";
import { attentionScores, attentionValues, softmax } from "../../graph/ops/mod.ts";
import type { NodeBuilder } from "../../graph/node_builder.ts";

/** Which rows see which. */
export interface AttentionSettings {
  /** Heads of equal size. */
  readonly heads: number;
  /** Whether a row sees itself and those before it only. */
  readonly causal: boolean;
  /** Bounds of sequences within the rows, from 0 to their number; rows see those of their own. Default: one. */
  readonly offsets?: readonly number[];
  /** What stands for scores and shares, by I-ViT's names. Default: the values themselves. */
  readonly stand?: (x: Value, site: "qact_attn1" | "int_softmax") => Value;
}

/** `softmax(q·kᵀ/√size)·v` of each head, `[B, T, C]`. */
export function attention(
  build: NodeBuilder,
  { q, k, v }: { readonly q: Value; readonly k: Value; readonly v: Value },
  { heads, causal, offsets, stand = (x) => x }: AttentionSettings,
): Value {
  const { graph } = build;
  const [, rows, columns] = q.shape as number[];
  const keys = k.shape[1] as number;
  const scale = 1 / Math.sqrt(columns / heads);
  const scores = stand(graph.apply(attentionScores, { q, k }, { heads, scale }), "qact_attn1");
  const sequence = (row: number): number => offsets?.findLastIndex((first) => first <= row) ?? 0;
  const isHidden = (i: number, j: number): boolean =>
    causal && j > i || sequence(i) !== sequence(j);
  const mask = Array.from(
    { length: rows * keys },
    (_, at) => isHidden(Math.floor(at / keys), at % keys) ? -Infinity : 0,
  );
  const isOpen = mask.every((value) => value === 0);
  const x = isOpen ? scores : build.add(scores, build.constant([rows, keys], mask));
  const p = stand(graph.apply(softmax, { x }), "int_softmax");
  return graph.apply(attentionValues, { p, v });
}
