import type { Graph, Value } from "./graph.ts";
import { NodeBuilder } from "./node_builder.ts";
import { isNode } from "./op_names.ts";
import { rewrite } from "./rewrite.ts";

/** What a batch normalisation reads: `[…, C]`, channels last, and what there is of each channel. */
export interface BatchNormInputs {
  /** What is normalised. */
  readonly x: Value;
  /** Scale of each channel. */
  readonly scale: Value;
  /** What is added to each channel. */
  readonly bias: Value;
  /** Mean of each channel. */
  readonly mean: Value;
  /** Variance of each channel. */
  readonly variance: Value;
}

/** Rewrites a graph without the op `BatchNormalization`. */
export function expandBatchNormalization(source: Graph): Graph {
  if (!source.nodes.some(({ op }) => op === "BatchNormalization")) return source;
  return rewrite(
    source,
    (node, graph, valueOf) => {
      if (!isNode(node, "BatchNormalization")) return undefined;
      const { x, scale, bias, mean, variance } = node.inputs;
      const inputs = {
        x: valueOf(x),
        scale: valueOf(scale),
        bias: valueOf(bias),
        mean: valueOf(mean),
        variance: valueOf(variance),
      };
      return { y: frozenBatchNormalization(new NodeBuilder(graph), inputs, node.attributes) };
    },
  );
}

/** `((x − mean)·1/√(variance + epsilon))·scale + bias`. */
export function frozenBatchNormalization(
  build: NodeBuilder,
  { x, scale, bias, mean, variance }: BatchNormInputs,
  { epsilon }: { readonly epsilon: number },
): Value {
  const inverse = build.unary(build.shift(variance, epsilon), "rsqrt");
  const normalized = build.mul(build.sub(x, mean), inverse);
  return build.add(build.mul(normalized, scale), bias);
}
