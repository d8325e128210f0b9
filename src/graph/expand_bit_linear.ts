/** Ternary layers whose weights change, as products of codes and trits. */
import { FewbitError } from "../errors.ts";
import { fixed, product } from "./extent.ts";
import type { Graph, Value } from "./graph.ts";
import { NodeBuilder } from "./node_builder.ts";
import { isNode } from "./op_names.ts";
import type { NodeNamed } from "./op_names.ts";
import { matMul, quantizeRowsAway, rmsNormalization, ternarize } from "./ops/mod.ts";
import { rewrite } from "./rewrite.ts";

/** Sums of so many products of codes up to 127 are exact in float32: 127·132,104 < 2^24. */
const MOST_INPUTS = 132_104;

/** Rewrites a graph without the op `FusedBitLinear`. */
export function expandBitLinear(source: Graph): Graph {
  if (!source.nodes.some(({ op }) => op === "FusedBitLinear")) return source;
  return rewrite(source, (node, graph, valueOf) => {
    if (!isNode(node, "FusedBitLinear")) return undefined;
    const { x, gamma, weight } = node.inputs;
    const inputs = { x: valueOf(x), gamma: valueOf(gamma), weight: valueOf(weight) };
    return { y: trainedBitLinear(new NodeBuilder(graph), inputs, node.attributes) };
  });
}

/** What a ternary layer multiplies. */
export interface BitLinearFactors {
  /** Codes `[rows, K]`, and the factor of each row `[rows, 1]`. */
  readonly q: Value;
  readonly alpha: Value;
  /** Trits `[N, K]`, and what each is worth `[1]`. */
  readonly trits: Value;
  readonly scale: Value;
}

/** Codes of the normalised rows and trits of the weights, as `FusedBitLinear` makes them. */
export function bitLinearFactors(
  build: NodeBuilder,
  { x, gamma, weight }: NodeNamed<"FusedBitLinear">["inputs"],
  { epsilon }: { readonly epsilon: number },
): BitLinearFactors {
  const { graph } = build;
  const inputs = fixed(weight.shape[1], "channels");
  if (inputs > MOST_INPUTS) {
    throw new FewbitError(
      "unsupported",
      `Cannot train a ternary layer of ${inputs} inputs: sums are exact up to ${MOST_INPUTS}`,
    );
  }
  const rows = build.reshape(x, [product(x.shape.slice(0, -1)), inputs]);
  const normalized = graph.apply(rmsNormalization, { x: rows, gamma }, { epsilon });
  const { q, alpha } = graph.applyAll(quantizeRowsAway, { x: normalized });
  const { y: trits, scale } = graph.applyAll(ternarize, { x: weight });
  return { q, alpha, trits, scale };
}

/** `(q·tritsᵀ)·(scale / alpha)`: the exact sums and the roundings of `BitLinear`. */
function trainedBitLinear(
  build: NodeBuilder,
  inputs: NodeNamed<"FusedBitLinear">["inputs"],
  attributes: { readonly epsilon: number },
): Value {
  const { q, alpha, trits, scale } = bitLinearFactors(build, inputs, attributes);
  const sums = build.graph.apply(matMul, { a: q, b: trits }, { transposeB: true });
  const factor = build.div(build.expand(scale, q.shape[0]), alpha);
  const outputs = inputs.weight.shape[0];
  return build.reshape(build.mul(sums, factor), [...inputs.x.shape.slice(0, -1), outputs]);
}
