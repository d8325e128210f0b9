/** Float graphs with latent weights to graphs with ternary ones. */
import { nextTurn } from "../event_loop.ts";
import { FewbitError } from "../errors.ts";
import { rewriteSteps } from "../graph/rewrite.ts";
import { nodesOf } from "../graph/traversal.ts";
import type { Graph, Node, Value } from "../graph/graph.ts";
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
  const total = nodesOf(source, source.outputs).filter(isLatent).length;
  const steps = rewriteSteps(source, (node, graph, valueOf) => {
    if (!isLatent(node)) return undefined;
    const { inputs, attributes, outputs, name } = node;
    const x = valueOf(inputs.x);
    const gamma = valueOf(inputs.gamma);
    const weights = ternaryConstants(graph, node);
    const output = outputs.y.name;
    return { y: graph.apply(bitLinear, { x, gamma, ...weights }, attributes, { name, output }) };
  });
  for (let done = 0;; done++) {
    options.signal?.throwIfAborted();
    const step = steps.next();
    if (step.done) return step.value;
    options.onProgress?.(done + 1, total);
    // The event loop sees an interrupt, and the latents can be collected.
    await nextTurn();
  }
}

function isLatent(node: Node): node is Node & NodeNamed<"FusedBitLinear"> {
  return isNode(node, "FusedBitLinear");
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
