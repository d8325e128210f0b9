/** Integer Llamas of the goldens as instances. */
import { openTextCheckpoint } from "../../src/checkpoints/text_checkpoint.ts";
import type { SyncInstance } from "../../src/engines/engine.ts";
import { load } from "../../src/engines/load.ts";
import type { SyncEngineName } from "../../src/engines/load.ts";
import { compile } from "../../src/lower/compile.ts";
import { llamaConfig } from "../../src/models/llama_config.ts";
import { encodeProgram } from "../../src/program/encode.ts";
import type { DecoderGrids } from "../../src/quantize/decoder_grids.ts";
import type { IntegerNetwork } from "../../src/quantize/integer_network.ts";
import { quantizeLlama } from "../../src/quantize/mobile_quant.ts";
import type { QuantizeLlamaOptions } from "../../src/quantize/mobile_quant.ts";

/** The integer network of a checkpoint. */
export async function integerLlama(
  model: string,
  grids: DecoderGrids,
  options: QuantizeLlamaOptions,
): Promise<IntegerNetwork> {
  const { weights, config } = await openTextCheckpoint(model);
  return quantizeLlama(llamaConfig(config), weights, grids, options);
}

/** Its file; with taps all nodes are outputs. */
export async function fileOf(
  { graph, taps }: IntegerNetwork,
  tapped = false,
): Promise<Uint8Array<ArrayBuffer>> {
  const options = tapped ? { taps: { entry: "main", values: taps } } : {};
  return await encodeProgram(compile(graph, options));
}

/** An instance, with what the goldens do to one. */
export class IntegerLlama implements Disposable {
  private constructor(readonly instance: SyncInstance, readonly pieces: number) {}

  static async of(
    file: Uint8Array<ArrayBuffer>,
    engine: SyncEngineName,
    symbols: Readonly<Record<string, number>> = {},
  ): Promise<IntegerLlama> {
    const most = { max_tokens: 256, ...symbols };
    const instance = await load(file, {
      engine,
      symbols: { max_rows: most.max_tokens, ...most },
    }) as SyncInstance;
    const { tensors, expressions } = instance.program;
    const logits = tensors.find(({ name }) => name === "logits")!;
    return new IntegerLlama(instance, expressions[logits.extents[1]].constant);
  }

  /** Logits of tokens of sequences, by default of all, one after the other. */
  run(
    texts: readonly (readonly number[])[],
    slots: readonly number[],
    past: readonly number[],
    rows?: readonly number[],
  ): Int32Array {
    let end = 0;
    const offsets = [0, ...texts.map(({ length }) => end += length)];
    const { logits } = this.instance.runSync({
      ids: Int32Array.from(texts.flat()),
      offsets: Int32Array.from(offsets),
      slot: Int32Array.from(slots),
      past: Int32Array.from(past),
      rows: Int32Array.from(rows ?? Array(end).keys()),
    });
    return logits.data as Int32Array;
  }

  /** Those of one sequence, in chunks. */
  chunked(ids: readonly number[], size: number, past: number, slot = 0): Int32Array {
    const all = new Int32Array(ids.length * this.pieces);
    for (let i = 0; i < ids.length; i += size) {
      all.set(this.run([ids.slice(i, i + size)], [slot], [past + i]), i * this.pieces);
    }
    return all;
  }

  /** Greedy ids from logits on, and the logits of each step. */
  greedy(
    first: ArrayLike<number>,
    steps: number,
    past: number,
  ): { readonly ids: number[]; readonly all: Int32Array } {
    const ids: number[] = [];
    const all = new Int32Array(steps * this.pieces);
    let logits = first;
    for (let n = 0; n < steps; n++) {
      all.set(logits, n * this.pieces);
      ids.push(bestOf(logits));
      if (n + 1 < steps) logits = this.run([ids.slice(-1)], [0], [past + n]);
    }
    return { ids, all };
  }

  [Symbol.dispose](): void {
    this.instance[Symbol.dispose]();
  }
}

/** The lowest id of the largest logit. */
export function bestOf(logits: ArrayLike<number>): number {
  let best = 0;
  for (let id = 1; id < logits.length; id++) if (logits[id] > logits[best]) best = id;
  return best;
}

/** −ln p of a target behind a row of logits with 12 fractional bits, in float64. */
export function lossOf(logits: Int32Array, target: number): number {
  const most = logits.reduce((a, b) => Math.max(a, b));
  const sum = logits.reduce((total, logit) => total + Math.exp((logit - most) / 4096), 0);
  return Math.log(sum) + (most - logits[target]) / 4096;
}
