/** What a Llama's values reach on windows of text: the float network, a block at a time. */
import { nextTurn } from "../event_loop.ts";
import { FewbitError } from "../errors.ts";
import type { SyncInstance } from "../engines/engine.ts";
import type { Graph, Value } from "../graph/graph.ts";
import { isNode } from "../graph/op_names.ts";
import { rangeOf, widen } from "./block_runner.ts";
import { DecoderBlocks } from "./decoder_blocks.ts";
import type { DecoderBlocksOptions, SeenValue } from "./decoder_blocks.ts";
import type { DecoderRotation } from "./decoder_grids.ts";
import { llamaSite } from "./mobile_quant.ts";

/** Least and largest value of each channel. */
export interface ChannelRange {
  /** `[channels]`. */
  readonly low: Float32Array;
  /** `[channels]`. */
  readonly high: Float32Array;
}

/** What calibration sees. */
export interface DecoderRanges {
  /** Largest magnitude of the residual. */
  readonly residual: number;
  /** By site. */
  readonly channels: ReadonlyMap<string, ChannelRange>;
  /** Of a rotated network, how. */
  readonly rotation?: DecoderRotation;
  /** What the float network makes of the prefix. */
  readonly prefix: {
    readonly ids: readonly number[];
    /** Rows of keys and values by site, `[ids, channels]`. */
    readonly rows: ReadonlyMap<string, Float32Array>;
    /** Logits behind the last id. */
    readonly logits: Float64Array;
  };
}

/** Options of {@linkcode rangesOfLlama}. */
export interface DecoderRangesOptions extends DecoderBlocksOptions {
  /** What integers read in place of a row behind the last norm, where the float network is rotated. */
  readonly turnBack?: (row: Float32Array) => Float32Array;
  /** Called after each window of a block. */
  readonly onProgress?: (layer: number, windows: number) => void;
}

/**
 * Runs windows, each behind the prefix, through a float graph, a block at a time. Ranges leave the prefix's positions
 * out, but for keys and values, whose rows are in the cache: clipped keys of a prefix cost a third of perplexity.
 *
 * @param graph The graph of {@linkcode buildLlama}.
 * @throws {FewbitError} `invalid_argument` without a prefix or a window, or where one does not fit the
 * model; where a value is not finite.
 */
export async function rangesOfLlama(
  graph: Graph,
  { turnBack, onProgress, ...options }: DecoderRangesOptions,
): Promise<DecoderRanges> {
  const { prefix, windows, load, signal } = options;
  if (prefix.length === 0 || windows.every(({ length }) => length === 0)) {
    throw new FewbitError(
      "invalid_argument",
      "Cannot calibrate: expected ids of a prefix and windows of ids",
    );
  }
  using blocks = new DecoderBlocks(graph, options);
  await blocks.embed();
  const seen = new Seen();
  for (const x of blocks.streams) {
    seen.residual(rangeOf(x.subarray(prefix.length * blocks.width), blocks.width), "embed_tokens");
  }
  const rows = new Map<string, Float32Array>();
  for (let layer = 0; blocks.has(layer); layer++) {
    const values = blocks.valuesOf(layer).flatMap((value): (SeenValue & { site?: string })[] => {
      const site = llamaSite(value.name)?.name;
      if (site !== undefined) return [{ value, site, withPrefix: isInCache(site) }];
      return RESIDUAL.test(value.name) ? [{ value, withPrefix: false }] : [];
    });
    let done = 0;
    for await (const ranges of blocks.run(layer, "ranges", values, 0)) {
      values.forEach(({ value: { name }, site, withPrefix }, i) => {
        if (site === undefined) seen.residual(ranges[i], name);
        else seen.site(site, ranges[i], name);
        // Those of the first window: what comes behind it changes nothing of a prefix.
        if (withPrefix && done === 0) rows.set(site!, ranges[i][2]);
      });
      onProgress?.(layer, ++done);
    }
  }
  const head = headOf(graph);
  const norm = head.x;
  const { width, tokens } = blocks;
  using instance = await load(blocks.program(norm, []), { max_tokens: tokens, max_rows: tokens });
  let behind: Float32Array | undefined;
  for (const x of blocks.streams) {
    signal?.throwIfAborted();
    const all = normed(instance, x, width);
    behind ??= all.slice((prefix.length - 1) * width, prefix.length * width);
    const data = all.subarray(prefix.length * width);
    if (turnBack !== undefined) {
      for (let at = 0; at < data.length; at += width) {
        data.set(turnBack(data.subarray(at, at + width)), at);
      }
    }
    seen.site("norm", rangeOf(data, width), norm.name);
    await nextTurn();
  }
  const weight = graph.constants.get(head.weight.id)!.tensor(new Map());
  return {
    residual: seen.most,
    channels: seen.channels,
    prefix: { ids: prefix, rows, logits: timesRows(behind!, weight.data as Float32Array) },
  };
}

/** Names of the sums that the residual is, behind attention and behind the MLP. */
const RESIDUAL = /^layers\.\d+(\.residual)?$/;

/** Whether the rows of a site are in the cache. */
const isInCache = (site: string): boolean => /\.[kv]$/.test(site);

/** The last layer. */
function headOf(graph: Graph): { readonly x: Value; readonly weight: Value } {
  const [{ value: logits }] = graph.outputs;
  const head = graph.nodes.find(({ outputs }) => outputs.y === logits);
  if (isNode(head, "Linear")) return head.inputs;
  throw new FewbitError("internal", "No head");
}

/** All rows of a residual behind the last norm. */
function normed(instance: SyncInstance, x: Float32Array, width: number): Float32Array {
  const rows = Int32Array.from({ length: x.length / width }, (_, i) => i);
  return instance.runSync({ x, rows }).residual.data as Float32Array;
}

/** Ranges so far. */
class Seen {
  /** Largest magnitude of the residual. */
  most = 0;
  readonly channels: Map<string, ChannelRange> = new Map();

  site(site: string, range: readonly Float32Array[], name: string): void {
    const [low, high] = range;
    const known = this.channels.get(site);
    if (known === undefined) this.channels.set(site, { low: low.slice(), high: high.slice() });
    else widen(known.low, known.high, range);
    const all = this.channels.get(site)!;
    for (let c = 0; c < low.length; c++) expectFinite(all.high[c] - all.low[c], name);
  }

  residual([low, high]: readonly Float32Array[], name: string): void {
    // Where the prefix is, which integers never compute, it may be a hundred times larger.
    for (let c = 0; c < low.length; c++) this.most = Math.max(this.most, -low[c], high[c]);
    expectFinite(this.most, name);
  }
}

function expectFinite(x: number, name: string): void {
  if (Number.isFinite(x)) return;
  throw new FewbitError("invalid_argument", `Cannot calibrate: "${name}" is not finite`);
}

/** Products of a row with the rows of a matrix, in float64. */
function timesRows(x: Float32Array, matrix: Float32Array): Float64Array {
  const n = x.length;
  return Float64Array.from({ length: matrix.length / n }, (_, row) => {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += x[i] * matrix[row * n + i];
    return sum;
  });
}
