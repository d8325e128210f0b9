/** What a Llama's values reach on windows of text: the float network, stopped behind every site. */
import { nextTurn } from "../event_loop.ts";
import { FewbitError } from "../errors.ts";
import type { SyncInstance } from "../engines/engine.ts";
import type { Graph, Value } from "../graph/graph.ts";
import { isNode } from "../graph/op_names.ts";
import { lower } from "../lower/lower.ts";
import type { LoweredProgram } from "../lower/lower.ts";
import type { CompiledProgram } from "../program/program.ts";
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
export interface DecoderRangesOptions {
  /** Ids that come before every text. */
  readonly prefix: readonly number[];
  /** Windows of ids, without the prefix. */
  readonly windows: readonly ArrayLike<number>[];
  /** What integers read in place of a row behind the last norm, where the float network is rotated. */
  readonly turnBack?: (row: Float32Array) => Float32Array;
  /** Loads the float program; float32 sums have one order, so that every engine gives the same bits. */
  readonly load: (
    program: CompiledProgram,
    symbols: Readonly<Record<string, number>>,
  ) => Promise<SyncInstance>;
  readonly signal?: AbortSignal;
  /** Called after each window with how many were seen. */
  readonly onProgress?: (windows: number) => void;
}

/**
 * Runs windows, each behind the prefix, through a float graph. Ranges leave the prefix's positions out, but
 * for keys and values, whose rows are in the cache: clipped keys of a prefix cost a third of perplexity.
 *
 * @param graph The graph of {@linkcode buildLlama}.
 * @throws {FewbitError} `invalid_argument` without a prefix or a window, or where one does not fit the
 * model; where a value is not finite.
 */
export async function rangesOfLlama(
  graph: Graph,
  { prefix, windows, turnBack, load, signal, onProgress }: DecoderRangesOptions,
): Promise<DecoderRanges> {
  const longest = windows.reduce((most, { length }) => Math.max(most, length), 0);
  if (prefix.length === 0 || windows.length === 0 || longest === 0) {
    throw new FewbitError(
      "invalid_argument",
      "Cannot calibrate: expected ids of a prefix and windows of ids",
    );
  }
  const [{ value: logits }] = graph.outputs;
  const head = graph.nodes.find(({ outputs }) => outputs.y === logits);
  if (!isNode(head, "Linear")) throw new FewbitError("internal", "No head");
  // What is before the head: logits of every token would take more memory than the model.
  const last = head.inputs.x;
  const lowered = lower(graph, {
    fuse: false,
    outputs: [{ name: "norm", value: last, entry: "main" }],
  });
  const tokens = prefix.length + longest;
  using instance = await load(lowered.program, {
    max_tokens: tokens,
    max_rows: tokens,
    context: tokens,
  });
  const seen = new Seen(graph, lowered, instance, prefix.length, turnBack);
  seen.run(prefix, true);
  const rows = seen.rows;
  const row = instance.peekSync(lowered.tensors.get(last.id)!).data as Float32Array;
  const behind = row.slice(-(last.shape[1] as number));
  for (const [i, window] of windows.entries()) {
    signal?.throwIfAborted();
    seen.run([...prefix, ...Array.from(window)], false, signal);
    onProgress?.(i + 1);
    await nextTurn();
  }
  const weight = graph.constants.get(head.inputs.weight.id)!.tensor(new Map());
  return {
    residual: seen.residual,
    channels: seen.channels,
    prefix: { ids: prefix, rows, logits: timesRows(behind, weight.data as Float32Array) },
  };
}

/** Ranges so far. */
class Seen {
  residual = 0;
  readonly channels: Map<string, ChannelRange> = new Map();
  /** Rows of the prefix. */
  readonly rows: Map<string, Float32Array> = new Map();
  /** What the instruction of each number computes. */
  readonly #at: Map<number, Value> = new Map();

  constructor(
    graph: Graph,
    readonly lowered: LoweredProgram,
    readonly instance: SyncInstance,
    readonly prefix: number,
    readonly turnBack: ((row: Float32Array) => Float32Array) | undefined,
  ) {
    for (const { op, outputs: { y } } of graph.nodes) {
      const instruction = lowered.instructions.get(y.id);
      if (instruction === undefined) continue;
      const isResidual = op === "Add" || op === "Embedding";
      if (isResidual || llamaSite(y.name) !== undefined) this.#at.set(instruction, y);
    }
  }

  /** Runs ids from the beginning; of the prefix alone, rows are kept and nothing else is. */
  run(ids: readonly number[], isPrefix: boolean, signal?: AbortSignal): void {
    const execution = this.instance.begin({
      ids: Int32Array.from(ids),
      offsets: Int32Array.of(0, ids.length),
      slot: Int32Array.of(0),
      past: Int32Array.of(0),
      rows: Int32Array.from(ids.keys()),
    });
    while (execution.done < execution.total) {
      const value = this.#at.get(execution.done);
      execution.advance(1);
      signal?.throwIfAborted();
      if (value !== undefined) this.#see(value, isPrefix);
    }
  }

  #see(value: Value, isPrefix: boolean): void {
    const tensor = this.lowered.tensors.get(value.id)!;
    const data = (this.instance.peekSync(tensor).data as Float32Array).slice();
    const columns = value.shape[value.shape.length - 1] as number;
    const site = llamaSite(value.name)?.name;
    const inCache = site !== undefined && /\.[kv]$/.test(site);
    if (isPrefix) {
      if (inCache) this.rows.set(site, data.slice());
      return;
    }
    if (site === undefined) {
      // Where the prefix is, which integers never compute, it may be a hundred times larger.
      for (const x of data.subarray(this.prefix * columns)) {
        this.residual = Math.max(this.residual, Math.abs(x));
      }
      return this.#expectFinite(this.residual, value);
    }
    const range = this.channels.get(site) ?? {
      low: new Float32Array(columns).fill(Infinity),
      high: new Float32Array(columns).fill(-Infinity),
    };
    this.channels.set(site, range);
    const { low, high } = range;
    if (site === "norm" && this.turnBack !== undefined) {
      for (let at = 0; at < data.length; at += columns) {
        data.set(this.turnBack(data.subarray(at, at + columns)), at);
      }
    }
    for (let i = inCache ? 0 : this.prefix * columns, c = 0; i < data.length; i++) {
      const x = data[i];
      if (!(x >= low[c])) low[c] = x;
      if (!(x <= high[c])) high[c] = x;
      if (++c === columns) c = 0;
    }
    for (let c = 0; c < columns; c++) this.#expectFinite(high[c] - low[c], value);
  }

  #expectFinite(x: number, { name }: Value): void {
    if (Number.isFinite(x)) return;
    throw new FewbitError("invalid_argument", `Cannot calibrate: "${name}" is not finite`);
  }
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
