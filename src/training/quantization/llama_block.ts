/** A block of a Llama as nodes that differentiate, with places where values and weights are quantised. */
import type { Value } from "../../graph/graph.ts";
import type { NodeBuilder } from "../../graph/node_builder.ts";
import {
  attentionScores,
  attentionValues,
  concatRows,
  rotary,
  softmax,
} from "../../graph/ops/mod.ts";

/** The linear layers of a block, in the order in which they are read. */
export const BLOCK_LINEARS = ["q", "k", "v", "o", "gate", "up", "down"] as const;

/** Name of a linear layer of a block. */
export type BlockLinear = typeof BLOCK_LINEARS[number];

/** Values of a block that may be put on a grid, by what they are read by. */
export type BlockSite =
  /** Of both norms: what they read, and what they give. */
  | "norm1_input"
  | "norm1"
  | "norm2_input"
  | "norm2"
  /** Of projections, before the rotation. */
  | "q_output"
  | "k_output"
  | "v_output"
  /** Of what attention multiplies, `[T, heads, size]`. */
  | "q"
  | "k"
  | "v"
  | "scores"
  | "probabilities"
  | "context"
  | "o_output"
  | "gate"
  | "sigmoid"
  | "silu"
  | "up"
  | "down"
  | "down_output";

/** Sizes of a block and of the rows that it reads. */
export interface BlockSizes {
  readonly tokens: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headSize: number;
}

/** What a block is made of. */
export interface BlockParts {
  /** A norm of rows, its gains included. */
  norm(name: "norm1" | "norm2", x: Value): Value;
  /** A linear layer. */
  linear(name: BlockLinear, x: Value): Value;
  /** A value as it is read: itself, or on a grid. */
  site(name: BlockSite, x: Value): Value;
  /** Rows of keys and values before those of x, `[P, kvHeads·headSize]`, on their grids. */
  readonly prefix?: { readonly keys: Value; readonly values: Value };
}

/**
 * The residual behind a block. Channels that turn together are neighbours; every row sees itself, the rows before it and
 * the prefix.
 *
 * @param x The residual `[T, width]`.
 * @param angles Cosines and sines `[T, 2, headSize / 2]`.
 */
export function llamaBlock(
  build: NodeBuilder,
  x: Value,
  angles: Value,
  sizes: BlockSizes,
  parts: BlockParts,
): Value {
  const { site, linear, norm } = parts;
  const h = site("norm1", norm("norm1", site("norm1_input", x)));
  const context = attention(build, h, angles, sizes, parts);
  const mixed = build.add(site("o_output", linear("o", context)), x);
  const m = site("norm2", norm("norm2", site("norm2_input", mixed)));
  const gate = site("gate", linear("gate", m));
  const share = site("sigmoid", build.unary(gate, "sigmoid"));
  const silu = site("silu", build.mul(gate, share));
  const inner = site("down", build.mul(silu, site("up", linear("up", m))));
  return build.add(site("down_output", linear("down", inner)), mixed);
}

function attention(
  build: NodeBuilder,
  h: Value,
  angles: Value,
  { tokens, heads, kvHeads, headSize }: BlockSizes,
  { site, linear, prefix }: BlockParts,
): Value {
  const { graph } = build;
  const columns = kvHeads * headSize;
  const apart = (x: Value, count: number): Value => build.reshape(x, [tokens, count, headSize]);
  const turned = (name: "q" | "k", count: number): Value => {
    const x = site(`${name}_output`, linear(name, h));
    return site(name, apart(graph.apply(rotary, { x, angles }), count));
  };
  const q = build.reshape(turned("q", heads), [1, tokens, heads * headSize]);
  const before = prefix === undefined ? 0 : prefix.keys.shape[0] as number;
  const rows = before + tokens;
  /** Rows of each KV head, once for each head that reads them. */
  const shared = (x: Value, first: Value | undefined): Value => {
    const all = first === undefined
      ? x
      : graph.apply(concatRows, { first, x: build.reshape(x, [1, tokens, columns]) });
    const repeated = build.expand(build.reshape(all, [rows, kvHeads, headSize]), heads / kvHeads);
    return build.reshape(repeated, [1, rows, heads * headSize]);
  };
  const k = shared(turned("k", kvHeads), prefix?.keys);
  const values = site("v", apart(site("v_output", linear("v", h)), kvHeads));
  // A root of float32 would be one of float64, too.
  const root = build.unary(build.scalar(headSize), "sqrt");
  const products = graph.apply(attentionScores, { q, k }, { heads, scale: 1 });
  const scores = site("scores", build.div(products, root));
  const hidden = Float32Array.from(
    { length: tokens * rows },
    (_, i) => i % rows > Math.floor(i / rows) + before ? -Infinity : 0,
  );
  const visible = build.add(scores, build.constant([tokens, rows], hidden));
  const p = site("probabilities", graph.apply(softmax, { x: visible }));
  const mixed = graph.apply(attentionValues, { p, v: shared(values, prefix?.values) });
  return site("context", build.reshape(mixed, [tokens, heads * headSize]));
}
