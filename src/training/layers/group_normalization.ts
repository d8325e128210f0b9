import type { Value } from "../../graph/graph.ts";
import { product } from "../../graph/extent.ts";
import { meanVarianceNormalization, transpose } from "../../graph/ops/mod.ts";
import type { NodeBuilder } from "../../graph/node_builder.ts";

/** What a group normalisation reads. */
export interface GroupNormInputs {
  /** `[B, …, C]`, channels last. */
  readonly x: Value;
  /** Scale of each channel. */
  readonly scale: Value;
  /** What is added to each channel. */
  readonly bias: Value;
}

/** Normalises groups of channels of each member of the batch over all places. */
export function groupNormalization(
  build: NodeBuilder,
  { x, scale, bias }: GroupNormInputs,
  { groups, epsilon }: { readonly groups: number; readonly epsilon: number },
): Value {
  const { graph } = build;
  const [batch, ...rest] = x.shape;
  const channels = rest[rest.length - 1] as number;
  const places = product(rest.slice(0, -1)) as number;
  const size = channels / groups;
  // Groups before places, so that a group is one run of elements.
  const split = build.reshape(x, [batch, places, groups, size]);
  const grouped = graph.apply(transpose, { x: split }, { perm: [0, 2, 1, 3] });
  const lines = build.reshape(grouped, [product([batch, groups]), places * size, 1]);
  const { y } = graph.applyAll(meanVarianceNormalization, { x: lines }, { epsilon });
  const planes = build.reshape(y, [batch, groups, places, size]);
  const back = graph.apply(transpose, { x: planes }, { perm: [0, 2, 1, 3] });
  return build.add(build.mul(build.reshape(back, x.shape), scale), bias);
}

/** Normalises each channel of each member of the batch over all places. */
export function instanceNormalization(
  build: NodeBuilder,
  { x, scale, bias }: GroupNormInputs,
  { epsilon }: { readonly epsilon: number },
): Value {
  const [batch, ...rest] = x.shape;
  const channels = rest[rest.length - 1];
  const planes = build.reshape(x, [batch, product(rest.slice(0, -1)), channels]);
  const { y } = build.graph.applyAll(meanVarianceNormalization, { x: planes }, { epsilon });
  return build.add(build.mul(build.reshape(y, x.shape), scale), bias);
}
