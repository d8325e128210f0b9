/** SmoothQuant-Edge (the baseline of Tan et al., 2024): divisors of a Llama's norms, and of what `down` reads. */
import type { Graph } from "../graph/graph.ts";
import { isNode } from "../graph/op_names.ts";
import type { DecoderRanges } from "./decoder_ranges.ts";
import { llamaSite } from "./mobile_quant.ts";
import { columnMaxima, smoothingDivisors } from "./smooth.ts";

/** How much of the range goes to the weights. */
const ALPHA = 0.5;

/**
 * Divisors by site, in closed form.
 *
 * @param graph The float graph.
 */
export function smoothQuantDivisors(
  graph: Graph,
  { channels }: DecoderRanges,
): ReadonlyMap<string, Float32Array> {
  const readers = new Map<string, number[]>();
  for (const node of graph.nodes) {
    if (!isNode(node, "Linear")) continue;
    const site = llamaSite(node.inputs.x.name)?.name;
    if (site === undefined || !/\.(norm1|norm2|down)$/.test(site)) continue;
    readers.set(site, [...readers.get(site) ?? [], node.inputs.weight.id]);
  }
  return new Map(
    [...readers].map(([site, weights]) => {
      const { low, high } = channels.get(site)!;
      const sizes = low.map((x, c) => Math.max(-x, high[c]));
      const tensors = weights.map((id) => graph.constants.get(id)!.tensor(new Map()));
      return [site, smoothingDivisors(sizes, columnMaxima(tensors, sizes.length), ALPHA)];
    }),
  );
}
