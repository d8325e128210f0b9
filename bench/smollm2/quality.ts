/**
 * What the integers of files cost beside SmolLM2-135M-Instruct in float32, in one pass over windows of a text:
 *
 *     deno run -A bench/smollm2/quality.ts --windows 64 w8a8.fewbit w4a8.fewbit
 *
 * - `--text FILE`: windows from all over a text. Default: the golden's windows of WikiText-2.
 * - `--set NAME`: which of the golden's: `evaluation`, `validation`, `evaluation_2048`.
 *
 * The windows come in an order of which every beginning is spread over all of them: a run that is stopped has measured
 * what its last table says, and `--skip N` goes on behind N windows.
 *
 * Perplexity is that of all tokens of a window but the first, behind the prefix; KL is the mean of KL(float ‖
 * integers) over them, ± the standard error over windows (of perplexity: of the ratio to that of float32).
 */
import { parseArgs } from "node:util";
import { openTextCheckpoint } from "../../src/checkpoints/text_checkpoint.ts";
import { load } from "../../src/engines/load.ts";
import { compile } from "../../src/lower/compile.ts";
import { buildLlama } from "../../src/models/llama.ts";
import { llamaConfig } from "../../src/models/llama_config.ts";
import { compareLogits, logitsOf } from "../../src/quantize/compare_logits.ts";
import { Tokenizer } from "../../src/text/tokenizer.ts";
import { modelFolder } from "../../tools/fetch_model.ts";
import { readSharedJson, sharedPath } from "../shared.ts";
import { CostTable, spread } from "./cost_table.ts";

/** Offsets of windows. */
interface Golden {
  readonly windows: Readonly<Record<string, readonly number[]>>;
}

const PREFIX = [0];
/** Tokens that are read at once, of a window, and of a long one. */
const [ROWS, LENGTH, LONG] = [64, 512, 2048];
/** Windows from one table to the next. */
const OFTEN = 2;

const { values, positionals: files } = parseArgs({
  allowPositionals: true,
  options: {
    windows: { type: "string", default: "64" },
    text: { type: "string" },
    set: { type: "string", default: "evaluation" },
    skip: { type: "string", default: "0" },
  },
});
const checkpoint = await openTextCheckpoint(
  `${modelFolder("smollm2")}/SmolLM2-135M-Instruct.Q4_1.gguf`,
);
const windows = windowsOf(Number(values.windows)).slice(Number(values.skip));
const symbols = {
  max_tokens: ROWS,
  max_rows: ROWS,
  context: PREFIX.length + Math.max(...windows.map(({ length }) => length)),
};
const network = compile(buildLlama(llamaConfig(checkpoint.config), checkpoint.weights));
using float = await load(network, { symbols });
const programs = [];
for (const file of files) {
  const instance = await load(await Deno.readFile(file), { symbols });
  programs.push(logitsOf({ instance, before: [], past: PREFIX.length }, windows));
}
const table = new CostTable(files.map((file) => file.split("/").at(-1)!), windows.length);
compareLogits(
  logitsOf({ instance: float, before: PREFIX, past: 0 }, windows),
  programs,
  windows,
  (done, costs) => {
    table.add(costs);
    if (done % OFTEN === 0 || done === windows.length) table.print();
  },
);

/** So many windows, every beginning of them spread as well as all. */
function windowsOf(count: number): Int32Array[] {
  const { windows: golden } = readSharedJson<Golden>("golden/smollm2/smollm2.json");
  const path = values.text ?? sharedPath("data/wikitext-2-raw/wiki.test.raw");
  const { tokenizer, tokenizerConfig } = checkpoint;
  const ids = Int32Array.from(
    Tokenizer.fromJson(tokenizer, tokenizerConfig)
      .encode(Deno.readTextFileSync(path), { addSpecialTokens: false }).ids,
  );
  const length = values.set === "evaluation_2048" ? LONG : LENGTH;
  const all = values.text === undefined
    ? golden[values.set]
    : Array.from({ length: Math.floor(ids.length / length) }, (_, w) => w * length);
  if (!(count >= 1 && count <= all.length)) {
    throw new Error(`Expected 1 to ${all.length} windows, got ${values.windows}`);
  }
  return spread(all, count).map((at) => ids.slice(at, at + length));
}
