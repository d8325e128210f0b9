/** Second moments of what the layers of a Llama read, a block at a time: what GPTQ rounds by. */
import { nextTurn } from "../event_loop.ts";
import { FewbitError } from "../errors.ts";
import type { Graph, Value } from "../graph/graph.ts";
import { nodesOf, outputsOf } from "../graph/traversal.ts";
import { lower } from "../lower/lower.ts";
import { llamaSite } from "./mobile_quant.ts";
import { SecondMoments } from "./second_moments.ts";
import type { LoadProgram } from "./second_moments.ts";

/** Sites that linear layers read. */
const READ: readonly string[] = ["norm1", "context", "norm2", "down"];

/** What a block has seen. */
export interface BlockMoments {
  /** Its number. */
  readonly layer: number;
  /** By site (`layers.N.norm1`, …), `[columns, columns]`, of which the lower triangle counts. */
  readonly moments: ReadonlyMap<string, Float32Array>;
}

/** Options of {@linkcode momentsOfLlama}. */
export interface DecoderMomentsOptions {
  /** Ids that come before every text; their positions do not count. */
  readonly prefix: readonly number[];
  /** Windows of ids, without the prefix. */
  readonly windows: readonly ArrayLike<number>[];
  /** Blocks before this one are only run through. */
  readonly first?: number;
  /** Loads the float program; float32 sums have one order, so that every engine gives the same bits. */
  readonly load: LoadProgram;
  readonly signal?: AbortSignal;
  /** Called after each window of a block. */
  readonly onProgress?: (layer: number, windows: number) => void;
}

/**
 * Runs windows, each behind the prefix, through the blocks of a float graph, one block after the other. Beside one
 * block's weights and moments there is the residual of all windows.
 *
 * @param graph The graph of {@linkcode buildLlama}.
 * @throws {FewbitError} `invalid_argument` without a window, or where a value is not finite.
 */
export async function* momentsOfLlama(
  graph: Graph,
  { prefix, windows, first = 0, load, signal, onProgress }: DecoderMomentsOptions,
): AsyncGenerator<BlockMoments> {
  const longest = windows.reduce((most, { length }) => Math.max(most, length), 0);
  if (longest === 0) {
    throw new FewbitError("invalid_argument", "Cannot quantise: expected windows of ids");
  }
  const tokens = prefix.length + longest;
  const values = new Map(graph.nodes.flatMap(outputsOf).map((value) => [value.name, value]));
  let residual = values.get("embed_tokens")!;
  const width = residual.shape[1] as number;
  const streams = await embedded(graph, residual, tokens, windows, prefix, load);
  const widest = READ.reduce((most, site) => {
    const value = siteValues(values, 0).get(`layers.0.${site}`)!;
    return Math.max(most, value.shape[1] as number);
  }, 0);
  using products = await SecondMoments.of(load, longest, widest);
  for (let layer = 0; values.has(`layers.${layer}`); layer++) {
    const end = values.get(`layers.${layer}`)!;
    const sites = layer < first ? new Map<string, Value>() : siteValues(values, layer);
    using block = await load(blockOf(graph, residual, end, sites), {
      max_tokens: tokens,
      context: tokens,
    });
    const moments = new Map(
      [...sites].map(([site, { shape }]) => [site, new Float32Array((shape[1] as number) ** 2)]),
    );
    for (const [w, x] of streams.entries()) {
      signal?.throwIfAborted();
      const outputs = block.runSync({
        x,
        offsets: Int32Array.of(0, x.length / width),
        slot: Int32Array.of(0),
        past: Int32Array.of(0),
      });
      streams[w] = outputs.residual.data as Float32Array;
      for (const [site, { shape }] of sites) {
        const columns = shape[1] as number;
        const rows = outputs[site].data as Float32Array;
        products.add(moments.get(site)!, rows.subarray(prefix.length * columns), columns);
      }
      onProgress?.(layer, w + 1);
      await nextTurn();
    }
    for (const [site, sums] of moments) expectFinite(sums, site);
    if (layer >= first) yield { layer, moments };
    residual = end;
  }
}

/** What linear layers of a block read, by site. */
function siteValues(values: ReadonlyMap<string, Value>, layer: number): Map<string, Value> {
  const sites = new Map<string, Value>();
  for (const value of values.values()) {
    const site = llamaSite(value.name)?.name;
    if (site === undefined) continue;
    if (READ.some((name) => site === `layers.${layer}.${name}`)) sites.set(site, value);
  }
  return sites;
}

/** A program from the residual before a block, the input `x`, to what is behind it. */
function blockOf(
  source: Graph,
  before: Value,
  behind: Value,
  sites: ReadonlyMap<string, Value>,
): ReturnType<typeof lower>["program"] {
  const outputs = [["residual", behind] as const, ...sites]
    .map(([name, value]) => ({ name, value, entry: "main" }));
  const graph = source.derive();
  const made = new Map([[before.id, graph.input("x", "f32", before.shape)]]);
  for (const node of nodesOf(source, outputs, before)) {
    const copies = graph.replay(node, (value) => made.get(value.id) ?? value);
    for (const [name, { id }] of Object.entries(node.outputs)) made.set(id, copies[name]);
  }
  return lower(graph, {
    fuse: false,
    outputs: outputs.map(({ name, value, entry }) => ({
      name,
      value: made.get(value.id)!,
      entry,
    })),
  }).program;
}

/** Rows of the embedding of each window behind the prefix. */
async function embedded(
  graph: Graph,
  value: Value,
  tokens: number,
  windows: readonly ArrayLike<number>[],
  prefix: readonly number[],
  load: LoadProgram,
): Promise<Float32Array[]> {
  const { program } = lower(graph, { outputs: [{ name: "rows", value, entry: "main" }] });
  using instance = await load(program, { max_tokens: tokens });
  return windows.map((window) => {
    const ids = Int32Array.from([...prefix, ...Array.from(window)]);
    return instance.runSync({ ids }).rows.data as Float32Array;
  });
}

function expectFinite(sums: Float32Array, site: string): void {
  if (sums.every(Number.isFinite)) return;
  throw new FewbitError("invalid_argument", `Cannot quantise: "${site}" is not finite`);
}
