/**
 * Learnable equivalent transformations of a Llama's block: scales move between what is computed one after the other, and
 * nothing changes but what quantisation loses.
 */
import type { Value } from "../../graph/graph.ts";
import type { NodeBuilder } from "../../graph/node_builder.ts";
import type { BlockLinear } from "./llama_block.ts";

/** Weights of a block: gains of its norms, and its linear layers `[outputs, inputs]`. */
export type BlockWeights = Readonly<Record<BlockLinear | "norm1" | "norm2", Value>>;

/** Scales of a block. Absent ones are 1. */
export interface EquivalentScales {
  /** `[width]`: gains of the norm are divided, columns of q, k and v, or gate and up, multiplied. */
  readonly norm1?: Value;
  readonly norm2?: Value;
  /** `[hidden]`: rows of up are divided, columns of down multiplied. */
  readonly up?: Value;
  /** `[kvHeads·headSize]`: rows of v are divided, columns of o multiplied, for each head that reads them. */
  readonly values?: Value;
  /** `[kvHeads·headSize/2]`, one for both channels of a rotation: rows of q are divided, those of k multiplied. */
  readonly pairs?: Value;
}

/** Heads of a block. */
export interface HeadCounts {
  readonly heads: number;
  readonly kvHeads: number;
  readonly headSize: number;
}

/** The weights with scales moved. */
export function moveScales(
  build: NodeBuilder,
  weights: BlockWeights,
  scales: EquivalentScales,
  { heads, kvHeads, headSize }: HeadCounts,
): BlockWeights {
  /** For each query head what its KV head has. */
  const perQuery = (x: Value): Value =>
    build.reshape(
      build.expand(build.reshape(x, [kvHeads, headSize]), heads / kvHeads),
      [heads * headSize],
    );
  const columns = (weight: Value, scale?: Value): Value =>
    scale === undefined ? weight : build.mul(weight, scale);
  const column = (scale: Value): Value => build.reshape(scale, [...scale.shape, 1]);
  const divided = (weight: Value, scale?: Value): Value =>
    scale === undefined ? weight : build.div(weight, column(scale));
  const { norm1, norm2, up, values, pairs } = scales;
  const turned = pairs && bothOf(build, pairs);
  const k = columns(weights.k, norm1);
  return {
    norm1: norm1 === undefined ? weights.norm1 : build.div(weights.norm1, norm1),
    norm2: norm2 === undefined ? weights.norm2 : build.div(weights.norm2, norm2),
    q: divided(columns(weights.q, norm1), turned && perQuery(turned)),
    k: turned === undefined ? k : build.mul(k, column(turned)),
    v: divided(columns(weights.v, norm1), values),
    o: columns(weights.o, values && perQuery(values)),
    gate: columns(weights.gate, norm2),
    up: divided(columns(weights.up, norm2), up),
    down: columns(weights.down, up),
  };
}

/** Keys and values of rows that a block has read before, `[P, kvHeads·headSize]`. */
export interface PrefixValues {
  readonly keys: Value;
  readonly values: Value;
}

/** Rows as the weights with moved scales give them. */
export function moveRows(
  build: NodeBuilder,
  { keys, values }: PrefixValues,
  scales: { readonly values: Value; readonly pairs: Value },
): PrefixValues {
  return {
    keys: build.mul(keys, bothOf(build, scales.pairs)),
    values: build.div(values, scales.values),
  };
}

/** What pairs of channels have, for both, which are neighbours. */
function bothOf(build: NodeBuilder, pairs: Value): Value {
  const [count] = pairs.shape as readonly number[];
  return build.reshape(build.expand(build.reshape(pairs, [count, 1]), 2), [2 * count]);
}
