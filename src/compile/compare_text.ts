/** Integer language models beside the float network that they were made from. */
import type { TextCheckpoint } from "../checkpoints/text_checkpoint.ts";
import type { SyncInstance } from "../engines/engine.ts";
import { load } from "../engines/load.ts";
import { compile } from "../lower/compile.ts";
import { buildLlama } from "../models/llama.ts";
import { llamaConfig } from "../models/llama_config.ts";
import type { CompiledProgram } from "../program/program.ts";
import { compareLogits, keptLogits, logitsOf } from "../quantize/compare_logits.ts";
import type { LogitComparison, LogitsOf } from "../quantize/compare_logits.ts";

/** Tokens that are read at once. */
const ROWS = 64;

/** Compares programs with one float network, on the same windows of ids. */
export class TextComparison implements Disposable {
  private constructor(
    private readonly float: SyncInstance,
    private readonly logits: LogitsOf,
    private readonly prefix: readonly number[],
    private readonly windows: readonly ArrayLike<number>[],
  ) {}

  /**
   * @param prefix Ids before each window.
   * @param windows Ids without the prefix, two at least each.
   * @param keep Keep the logits of the float network for the next program: 4 bytes for each token and piece.
   */
  static async of(
    { weights, config }: TextCheckpoint,
    prefix: readonly number[],
    windows: readonly ArrayLike<number>[],
    keep = false,
  ): Promise<TextComparison> {
    const program = compile(buildLlama(llamaConfig(config), weights));
    const instance: SyncInstance = await load(program, { symbols: symbolsOf(prefix, windows) });
    const logits = logitsOf({ instance, before: prefix, past: 0 }, windows);
    return new TextComparison(instance, keep ? keptLogits(logits) : logits, prefix, windows);
  }

  /** What the integers of a program cost. */
  async compare(
    program: CompiledProgram,
    onWindow?: (done: number) => void,
  ): Promise<LogitComparison> {
    const { prefix, windows } = this;
    const { context, ...others } = symbolsOf(prefix, windows);
    // One with a window has no longest text.
    const isBounded = program.symbols.some(({ name }) => name === "context");
    using instance: SyncInstance = await load(program, {
      symbols: { ...others, ...isBounded && { context } },
    });
    const integers = logitsOf({ instance, before: [], past: prefix.length }, windows);
    const [cost] = compareLogits(this.logits, [integers], windows, onWindow);
    return cost;
  }

  [Symbol.dispose](): void {
    this.float[Symbol.dispose]();
  }
}

function symbolsOf(prefix: readonly number[], windows: readonly ArrayLike<number>[]) {
  const longest = windows.reduce((most, { length }) => Math.max(most, length), 0);
  const rows = Math.max(1, Math.min(ROWS, longest));
  return { max_tokens: rows, max_rows: rows, context: longest + prefix.length };
}
