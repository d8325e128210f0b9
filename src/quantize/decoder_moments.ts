/** Second moments of what the layers of a Llama read, a block at a time: what GPTQ rounds by. */
import { FewbitError } from "../errors.ts";
import type { Graph } from "../graph/graph.ts";
import { DecoderBlocks } from "./decoder_blocks.ts";
import type { DecoderBlocksOptions, SeenValue } from "./decoder_blocks.ts";
import { llamaSite } from "./mobile_quant.ts";

/** Sites that linear layers read. */
const READ: readonly string[] = ["norm1", "context", "norm2", "down"];

/** What a block has seen. */
export interface BlockMoments {
  /** Its number. */
  readonly layer: number;
  /** By site (`layers.N.norm1`, …), `[columns, columns]`, of which the lower triangle counts. */
  readonly moments: ReadonlyMap<string, Float32Array>;
}

/** Options of {@linkcode momentsOfLlama}; positions of the prefix do not count. */
export interface DecoderMomentsOptions extends DecoderBlocksOptions {
  /** Blocks before this one are only run through. */
  readonly first?: number;
  /** Called after each window of a block. */
  readonly onProgress?: (layer: number, windows: number) => void;
}

/**
 * Runs windows, each behind the prefix, through the blocks of a float graph, one block after the other. Beside one
 * block's weights there are its moments, those of three windows at most for each thread, and the residual of all.
 *
 * @param graph The graph of {@linkcode buildLlama}.
 * @throws {FewbitError} `invalid_argument` without a window, or where a value is not finite.
 */
export async function* momentsOfLlama(
  graph: Graph,
  { first = 0, onProgress, ...options }: DecoderMomentsOptions,
): AsyncGenerator<BlockMoments> {
  using blocks = new DecoderBlocks(graph, options);
  await blocks.embed();
  const widest = Math.max(...read(blocks, 0).map(({ columns }) => columns));
  for (let layer = 0; blocks.has(layer); layer++) {
    const sites = layer < first ? [] : read(blocks, layer);
    const sums = sites.map(({ columns }) => new Float32Array(columns * columns));
    let windows = 0;
    for await (const seen of blocks.run(layer, "moments", sites, widest)) {
      seen.forEach(([moments], i) => add(sums[i], moments));
      onProgress?.(layer, ++windows);
    }
    sites.forEach(({ site }, i) => expectFinite(sums[i], site));
    if (layer < first) continue;
    yield { layer, moments: new Map(sites.map(({ site }, i) => [site, sums[i]])) };
  }
}

/** What linear layers of a block read. */
function read(
  blocks: DecoderBlocks,
  layer: number,
): (SeenValue & { readonly site: string; readonly columns: number })[] {
  return blocks.valuesOf(layer).flatMap((value) => {
    const site = llamaSite(value.name)?.name;
    if (!READ.some((name) => site === `layers.${layer}.${name}`)) return [];
    return [{ value, withPrefix: false, site: site!, columns: value.shape[1] as number }];
  });
}

function add(sums: Float32Array, moments: Float32Array): void {
  for (let i = 0; i < sums.length; i++) sums[i] += moments[i];
}

function expectFinite(sums: Float32Array, site: string): void {
  if (sums.every(Number.isFinite)) return;
  throw new FewbitError("invalid_argument", `Cannot quantise: "${site}" is not finite`);
}
