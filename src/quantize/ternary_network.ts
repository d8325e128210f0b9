/** Float graphs with latent weights to graphs with ternary ones. */
import { nextTurn } from "../event_loop.ts";
import { FewbitError } from "../errors.ts";
import { nodesOf } from "../graph/graph.ts";
import type { Graph, Node, Value } from "../graph/graph.ts";
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
  const total = nodes.filter(isLatent).length;
  const graph = source.derive();
  const made = new Map<number, Value>();
  let done = 0;
  for (const node of nodes) {
    const inputs = node.inputs.map((input) => input && (made.get(input.id) ?? input));
    if (!isLatent(node)) {
      made.set(node.output.id, graph.replay(node, inputs));
      continue;
    }
    options.signal?.throwIfAborted();
    const [x, gamma] = inputs;
    const weights = ternaryConstants(graph, node);
    const { attributes, output, name } = node;
    const result = graph.apply(bitLinear, [x, gamma, ...weights], attributes, {
      name,
      output: output.name,
    });
    made.set(output.id, result);
    options.onProgress?.(++done, total);
    // The event loop sees an interrupt, and the latents can be collected.
    await nextTurn();
  }
  for (const { name, value, entry } of source.outputs) {
    graph.output(name, made.get(value.id) ?? value, entry);
  }
  return graph;
}

function isLatent({ op }: Node): boolean {
  return op === "FusedBitLinear";
}

/** Trits and scale of a layer's latent weights. */
function ternaryConstants(graph: Graph, { inputs: [, , latent], name }: Node): [Value, Value] {
  const constant = graph.constants.get(latent!.id);
  if (constant === undefined || constant.derivedFrom.length > 0) {
    throw new FewbitError(
      "unsupported",
      `Cannot make ${name} ternary: its weights are not constant`,
    );
  }
  const { shape, data } = constant.tensor(new Map());
  const { trits, scale } = ternarize(data as Float32Array);
  return [
    graph.tritConstant(`${name}.trits`, shape, packBase3(trits)),
    graph.constant(`${name}.weight_scale`, {
      dtype: "f32",
      shape: [1],
      data: Float32Array.of(scale),
    }),
  ];
}
