/** One block of a float Llama on one window: what comes out of it, and what its values were like. */
import type { SyncInstance } from "../engines/engine.ts";
import { SecondMoments } from "./second_moments.ts";
import type { LoadProgram } from "./second_moments.ts";

/** What is wanted of values: least and largest of each channel, or sums of products of two channels. */
export type Wanted = "ranges" | "moments";

/** An output of a block's program that is looked at. */
export interface SeenOutput {
  /** Its name in the block's program. */
  readonly name: string;
  /** Channels. */
  readonly columns: number;
  /** Rows at the beginning that do not count. */
  readonly skip: number;
  /** Of ranges: rows at the beginning that are kept. */
  readonly keep: number;
}

/** What to do with a block; all of it can be told to another thread. */
export interface BlockTask {
  /** Extents that the block's program is loaded for. */
  readonly symbols: Readonly<Record<string, number>>;
  /** What is gathered. */
  readonly wanted: Wanted;
  /** Of which outputs. */
  readonly outputs: readonly SeenOutput[];
  /** Of moments: most rows that count, most channels. */
  readonly most: { readonly rows: number; readonly columns: number };
}

/** What became of a window. */
export interface BlockResult {
  /** The residual behind the block. */
  readonly residual: Float32Array<ArrayBuffer>;
  /** Of each output in order: moments `[columns, columns]`, or low, high `[columns]` and the rows kept. */
  readonly seen: readonly (readonly Float32Array<ArrayBuffer>[])[];
}

/** Runs windows through one block after the other, in one thread. */
export class BlockRunner implements Disposable {
  #block: { readonly instance: SyncInstance; readonly task: BlockTask } | undefined;
  #products: { readonly moments: SecondMoments; readonly most: BlockTask["most"] } | undefined;

  /** @param load Loads the program of products. */
  constructor(private readonly load: LoadProgram) {}

  /** Takes the block that comes next. */
  async begin(task: BlockTask, load: () => Promise<SyncInstance>): Promise<void> {
    this.#end();
    if (task.wanted === "moments") await this.#prepare(task.most);
    this.#block = { instance: await load(), task };
  }

  async #prepare(most: BlockTask["most"]): Promise<void> {
    const known = this.#products?.most;
    if (known?.rows === most.rows && known.columns === most.columns) return;
    this.#products?.moments[Symbol.dispose]();
    this.#products = undefined;
    const moments = await SecondMoments.of(this.load, most.rows, most.columns);
    this.#products = { moments, most };
  }

  /**
   * Runs a window.
   *
   * @param x The residual before the block, `[tokens, width]`.
   */
  run(x: Float32Array, width: number): BlockResult {
    const { instance, task: { wanted, outputs } } = this.#block!;
    const results = instance.runSync({
      x,
      offsets: Int32Array.of(0, x.length / width),
      slot: Int32Array.of(0),
      past: Int32Array.of(0),
    });
    const floats = (name: string): Float32Array<ArrayBuffer> =>
      results[name].data as Float32Array<ArrayBuffer>;
    const seen = outputs.map(({ name, columns, skip, keep }) => {
      const rows = floats(name).subarray(skip * columns);
      if (wanted === "moments") return [this.#momentsOf(rows, columns)];
      return [...rangeOf(rows, columns), rows.slice(0, keep * columns)];
    });
    return { residual: floats("residual").slice(), seen };
  }

  #momentsOf(rows: Float32Array, columns: number): Float32Array<ArrayBuffer> {
    const sums = new Float32Array(columns * columns);
    this.#products!.moments.add(sums, rows, columns);
    return sums;
  }

  #end(): void {
    this.#block?.instance[Symbol.dispose]();
    this.#block = undefined;
  }

  [Symbol.dispose](): void {
    this.#end();
    this.#products?.moments[Symbol.dispose]();
    this.#products = undefined;
  }
}

/** Least and largest value of each channel; both NaN where a value of the channel is not finite. */
export function rangeOf(rows: Float32Array, columns: number): Float32Array<ArrayBuffer>[] {
  const low = new Float32Array(columns).fill(Infinity);
  const high = new Float32Array(columns).fill(-Infinity);
  // 0 while all values are finite: neither a NaN nor an infinity gets lost.
  const off = new Float32Array(columns);
  for (let i = 0, c = 0; i < rows.length; i++) {
    const x = rows[i];
    if (x < low[c]) low[c] = x;
    if (x > high[c]) high[c] = x;
    off[c] += x * 0;
    if (++c === columns) c = 0;
  }
  for (let c = 0; c < columns; c++) if (off[c] !== 0) low[c] = high[c] = NaN;
  return [low, high];
}

/** Takes up what another window was like: which one comes first does not matter. */
export function widen(
  low: Float32Array,
  high: Float32Array,
  [otherLow, otherHigh]: readonly Float32Array[],
): void {
  for (let c = 0; c < low.length; c++) {
    // A NaN stays.
    low[c] = Math.min(low[c], otherLow[c]);
    high[c] = Math.max(high[c], otherHigh[c]);
  }
}
