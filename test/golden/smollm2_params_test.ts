/**
 * SmolLM2's integers from the parameters in `models/`: the same bytes and logits on every host, and how well they
 * predict evaluation windows (`FEWBIT_WINDOWS`, 8; in float32 as the oracle has it). W4A8-g64 runs GPTQ again; so
 * does W4A8 with a scale a row, on twice as many windows, which takes minutes: `FEWBIT_PARAMS=w4a8` asks for it, and
 * `FEWBIT_PARAMS=w4a8g64-fine` for what was learned; `.ci/run` asks for all.
 */
import assert from "node:assert/strict";
import { openTextCheckpoint } from "../../src/checkpoints/text_checkpoint.ts";
import { quantizeTextFile } from "../../src/cli/_quantize_text.ts";
import type { LanguageBits } from "../../src/quantize/shifted_weights.ts";
import { Tokenizer } from "../../src/text/tokenizer.ts";
import { modelFolder } from "../../tools/fetch_model.ts";
import { IntegerLlama, lossOf } from "./_integer_llama.ts";
import { absent, readJson, sha256, sha256Int32, SHARED } from "./_shared.ts";

const MODEL = `${modelFolder("smollm2")}/SmolLM2-135M-Instruct.Q4_1.gguf`;
const WIKI = `${SHARED}/data/wikitext-2-raw/wiki.test.raw`;
const WINDOWS = Number(Deno.env.get("FEWBIT_WINDOWS") ?? 8);
const NAMES = (Deno.env.get("FEWBIT_PARAMS") ?? "w8a8,w4a8g64").split(",");
/** Ids whose logits are compared, of the first evaluation window. */
const COMPARED = 48;

interface Expected {
  /** Of the parameters, where its name is not that of the others. */
  readonly file?: string;
  /** Of the file, which another entry or instruction changes, too. */
  readonly digest: string;
  /** Of the logits, which nothing but other weights or grids may change. */
  readonly logits: string;
  /** Most that perplexity may rise, per cent. */
  readonly floor: number;
}

const MODELS: Readonly<Record<string, Expected>> = {
  w8a8: {
    digest: "56f6c9ff3567efb0206d5e2b8ca7cdf1aa5c9b512f8bfb207489785854276008",
    logits: "3fe4a7c6164624f0b728c1fa3c14ff233e7e54e01e6d471b23d8e56df1248fe5",
    floor: 2,
  },
  w4a8g64: {
    digest: "4f5f4d8d3ee6a4fc9f3e36d136bc939f1d34579db2b3379586950e699b5954e2",
    logits: "0a005efc4a1d047b9c2b9db300d5838dad4a7ce6d0dce034e37f0a961fd71cfc",
    floor: 14,
  },
  // A finer input of down, and learned.
  "w4a8g64-fine": {
    file: "smollm2-w4a8g64-fine.params.json.gz",
    digest: "5aa82dc7d4612b8ce6c145f86154b1bd5d1c03a467cfe95e2fe7e3fb946e2917",
    logits: "bcf4937b4c3baf8db56fe75f09ea8262767ec04de0772a9c45fc58cb01693546",
    floor: 10,
  },
  w4a8: {
    digest: "a92fdf146ea328c647d31a15373c45c785b3c06a18f6b8fe60f9c46d3f57f12d",
    logits: "80e847c20b4f2f8d2a8028f71a0b1d67d4025541fce103ff5100b3ed6b493fd9",
    floor: 22,
  },
};

for (const bits of NAMES) {
  const { digest, logits, floor, file: name = `smollm2-${bits}.params.json` } = MODELS[bits];
  Deno.test({
    name: `SmolLM2 ${bits} from its parameters`,
    ignore: absent(MODEL, WIKI, `${SHARED}/golden/smollm2`),
    fn: async () => {
      const folder = await Deno.makeTempDir();
      try {
        const output = `${folder}/model.fewbit`;
        const start = performance.now();
        await quantizeTextFile({
          model: MODEL,
          output,
          bits: bits.replace("-fine", "") as LanguageBits,
          method: "closed-form",
          calibration: undefined,
          params: new URL(`../../models/${name}`, import.meta.url).pathname,
          prefix: undefined,
          windows: 32,
          length: 512,
          check: 1,
          rotate: "auto",
          workers: 2,
          vocabulary: undefined,
          json: false,
          signal: new AbortController().signal,
        });
        const seconds = (performance.now() - start) / 1000;
        const file = await Deno.readFile(output);
        assert.equal(sha256(file), digest);
        const ids = await textIds();
        const [at] = golden().windows.evaluation;
        const first = Array.from(ids.slice(at, at + COMPARED));
        for (const engine of ["wasm-relaxed", "wasm-simd"] as const) {
          using model = await IntegerLlama.of(file, engine, { max_tokens: 16, context: 64 });
          assert.equal(sha256Int32(model.chunked(first, 16, 1)), logits, engine);
        }
        const excess = await excessOf(file, ids);
        console.log(
          `${bits}: made in ${seconds.toFixed(0)} s, perplexity +${excess.toFixed(2)} %`,
        );
        assert.ok(excess < floor);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}

const golden = () => readJson("golden/smollm2/smollm2.json");

/** Ids of the text. */
async function textIds(): Promise<Int32Array> {
  const { tokenizer, tokenizerConfig } = await openTextCheckpoint(MODEL);
  const { ids } = Tokenizer.fromJson(tokenizer, tokenizerConfig)
    .encode(Deno.readTextFileSync(WIKI), { addSpecialTokens: false });
  return Int32Array.from(ids);
}

/** How much perplexity rises over the oracle's float network, per cent: tokens 2 to 512 of windows. */
async function excessOf(file: Uint8Array<ArrayBuffer>, ids: Int32Array): Promise<number> {
  const { windows, nll_evaluation: all, nll_first_token_evaluation: first } = golden();
  using model = await IntegerLlama.of(file, "wasm-relaxed", { max_tokens: 128, context: 520 });
  const step = windows.evaluation.length / WINDOWS;
  let [loss, floatLoss] = [0, 0];
  for (let w = 0; w < windows.evaluation.length; w += step) {
    const at = windows.evaluation[w];
    const window = Array.from(ids.slice(at, at + windows.length));
    for (let i = 0; i < window.length - 1; i += 128) {
      const part = window.slice(i, Math.min(i + 128, window.length - 1));
      const logits = model.run([part], [0], [1 + i]);
      part.forEach((_, row) => {
        const own = logits.subarray(row * model.pieces, (row + 1) * model.pieces);
        loss += lossOf(own, window[i + row + 1]);
      });
    }
    floatLoss += all[w] - first[w];
  }
  return 100 * Math.expm1((loss - floatLoss) / (WINDOWS * (windows.length - 1)));
}
