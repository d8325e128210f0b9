/** Weights of a Llama by GPTQ, a block at a time. */
import type { Graph } from "../graph/graph.ts";
import { isNode } from "../graph/op_names.ts";
import { nextTurn } from "../event_loop.ts";
import type { DecoderGrid, DecoderGrids } from "./decoder_grids.ts";
import { momentsOfLlama } from "./decoder_moments.ts";
import type { DecoderMomentsOptions } from "./decoder_moments.ts";
import { llamaSite } from "./mobile_quant.ts";
import { packRounded } from "./rounded_weights.ts";
import type { RoundedWeight } from "./rounded_weights.ts";
import { largestInputOf, quantizeShifted } from "./shifted_weights.ts";
import type { LanguageBits } from "./shifted_weights.ts";
import { multiplyColumns } from "./smooth.ts";

/** The weights of a block by the names of its layers. */
export type RoundedBlock = ReadonlyMap<string, RoundedWeight>;

/** Options of {@linkcode roundLlama}. */
export interface RoundLlamaOptions extends Omit<DecoderMomentsOptions, "prefix"> {
  /** Weights of 4 bits. */
  readonly bits: Exclude<LanguageBits, "w8a8">;
  /** Range factors of a layer that are known. Default: those with the least error. */
  readonly ranges?: (layer: string) => Uint8Array | undefined;
}

/**
 * Rounds the weights of one block after the other.
 *
 * @param graph The float graph, rotated where the grids are.
 */
export async function* roundLlama(
  graph: Graph,
  { grids, prefix }: DecoderGrids,
  { bits, ranges, ...options }: RoundLlamaOptions,
): AsyncGenerator<RoundedBlock> {
  const linears = graph.nodes.filter((node) => isNode(node, "Linear"));
  for await (const { moments } of momentsOfLlama(graph, { ...options, prefix: prefix.ids })) {
    const block = new Map<string, RoundedWeight>();
    for (const [site, sums] of moments) {
      const grid = grids.get(site)!;
      const divided = divideMoments(sums, grid);
      for (const { name, inputs } of linears) {
        if (llamaSite(inputs.x!.name)?.name !== site) continue;
        options.signal?.throwIfAborted();
        const { id, shape: [n] } = inputs.weight!;
        const weight = graph.constants.get(id)!.tensor(new Map());
        const rows = grid.divisors === undefined ? weight : multiplyColumns(weight, grid.divisors);
        const zero = grid.zeros[0];
        const { ranges: chosen, ...rounded } = quantizeShifted(
          rows.data as Float32Array,
          n as number,
          bits,
          largestInputOf(zero, grid.bits ?? 8, bits),
          name,
          { moments: divided, ...ranges?.(name) && { ranges: ranges(name)! } },
        );
        block.set(name, packRounded(rounded, chosen!));
        await nextTurn();
      }
    }
    yield block;
  }
}

/** Moments of channels that are divided, in place. */
function divideMoments(moments: Float32Array, { divisors }: DecoderGrid): Float32Array {
  if (divisors === undefined) return moments;
  const columns = divisors.length;
  for (let i = 0; i < columns; i++) {
    for (let j = 0; j <= i; j++) moments[i * columns + j] /= divisors[i] * divisors[j];
  }
  return moments;
}
