/** Float graphs with latent weights to graphs with ternary ones. */
import { nextTurn } from "../event_loop.ts";
import { FewbitError } from "../errors.ts";
import { nodesOf } from "../graph/traversal.ts";
import type { Graph, Value } from "../graph/graph.ts";
import { isNode } from "../graph/op_names.ts";
import type { NodeNamed } from "../graph/op_names.ts";
import { bitLinear } from "../graph/ops/mod.ts";
import { packBase3 } from "../numeric/base3.ts";
import { ternarize } from "./ternary.ts";

/** Options of {@linkcode quantizeTernary}. */
export interface TernaryOptions {
  /** Stops between two tensors with its reason. */
  readonly signal?: AbortSignal;
  /** Called after each tensor with the tensors done and in all. */
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Makes every FusedBitLinear a BitLinear: its latent weights become trits and one scale for the
 * tensor, computed in float32 whatever type the checkpoint has (in 16 bits up to 0.3 % of the trits
 * of a tensor would differ). Latents are read one tensor after another and let go; what stays is 1.6
 * bits a weight.
 *
 * @param source A graph with latent weights in constants; it stays as it is.
 * @returns The ternary graph.
 * @throws {FewbitError} `unsupported` where weights are not constant.
 */
export async function quantizeTernary(source: Graph, options: TernaryOptions = {}): Promise<Graph> {
  const nodes = nodesOf(source, source.outputs);
  const total = nodes.filter(({ op }) => op === "FusedBitLinear").length;
  const graph = source.derive();
  const made = new Map<number, Value>();
  let done = 0;
  const valueOf = (value: Value): Value => made.get(value.id) ?? value;
  for (const node of nodes) {
    if (!isNode(node, "FusedBitLinear")) {
      const copies = graph.replay(node, valueOf);
      for (const [of, { id }] of Object.entries(node.outputs)) made.set(id, copies[of]);
      continue;
    }
    options.signal?.throwIfAborted();
    const { inputs, attributes, outputs, name } = node;
    const weights = ternaryConstants(graph, node);
    const result = graph.apply(
      bitLinear,
      { x: valueOf(inputs.x), gamma: valueOf(inputs.gamma), ...weights },
      attributes,
      { name, output: outputs.y.name },
    );
    made.set(outputs.y.id, result);
    options.onProgress?.(++done, total);
    // The event loop sees an interrupt, and the latents can be collected.
    await nextTurn();
  }
  for (const { name, value, entry } of source.outputs) {
    graph.output(name, valueOf(value), entry);
  }
  return graph;
}

/** Trits and scale of a layer's latent weights. */
function ternaryConstants(
  graph: Graph,
  { inputs, name }: NodeNamed<"FusedBitLinear">,
): { readonly weight: Value; readonly weightScale: Value } {
  const constant = graph.constants.get(inputs.weight.id);
  if (constant === undefined || constant.derivedFrom.length > 0) {
    throw new FewbitError(
      "unsupported",
      `Cannot make ${name} ternary: its weights are not constant`,
    );
  }
  const { shape, data } = constant.tensor(new Map());
  const { trits, scale } = ternarize(data as Float32Array);
  return {
    weight: graph.tritConstant(`${name}.trits`, shape, packBase3(trits)),
    weightScale: graph.constant(`${name}.weight_scale`, {
      dtype: "f32",
      shape: [1],
      data: Float32Array.of(scale),
    }),
  };
}
