/** `fewbit eval MODEL --perplexity FILE`. */
import type { EngineName } from "../engines/load.ts";
import { TextGenerator } from "../pipelines/text/text_generator.ts";
import { readAll } from "./_lines.ts";
import { print, printJson } from "./_print.ts";
import { progressLine } from "./_run.ts";

/** What the command line says. */
export interface PerplexityRun {
  readonly model: string | undefined;
  readonly file: string;
  readonly engine: EngineName;
  readonly window: number;
  readonly state: "zero" | "carry";
  readonly bos: boolean;
  /** Part of the characters to skip: 0.9 measures the last tenth. */
  readonly skip: number;
  readonly json: boolean;
  readonly signal: AbortSignal;
}

/** Longest text: less than the longest string of a host. */
const MAX_TEXT_BYTES = 2 ** 28;

/** Measures a text file and prints the result with the rule by which it was measured. */
export async function printPerplexity(run: PerplexityRun): Promise<void> {
  const { window, state, bos, signal } = run;
  const whole = await readAll(run.file, MAX_TEXT_BYTES);
  const text = whole.slice(Math.floor(run.skip * whole.length));
  using lm = await TextGenerator.fromPretrained(run.model, { engine: run.engine, signal });
  const progress = progressLine();
  const start = performance.now();
  const result = await lm.perplexity(text, {
    window,
    state,
    bos,
    signal,
    onProgress: (done, total, loss) =>
      progress.update(`${done} of ${total} windows, loss ${loss.toFixed(4)}`),
  });
  const ms = performance.now() - start;
  progress.end();
  if (run.json) {
    return printJson({ ...result, window, state, bos, skip: run.skip, ms });
  }
  const rate = (1000 * result.tokens / ms).toFixed(0);
  print(
    `perplexity ${result.perplexity.toFixed(3)}  loss ${result.loss.toFixed(4)} nats a token`,
  );
  print(
    `${result.windows} windows of ${result.tokens / result.windows} tokens, ` +
      `${bos ? "BOS before each" : "no BOS"}, ` +
      `${state === "zero" ? "each from a zero state" : "the state carried on"}; ` +
      `every next token counted; ${rate} tokens/s on ${lm.engine}`,
  );
}
