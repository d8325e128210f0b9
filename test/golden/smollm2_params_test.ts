/**
 * SmolLM2's integers from the parameters in `models/`: the same bytes on every host, and how well they predict
 * evaluation windows (`FEWBIT_WINDOWS`, 8; in float32 as the oracle has it). W4A8-g64 runs GPTQ again.
 */
import assert from "node:assert/strict";
import { openTextCheckpoint } from "../../src/checkpoints/text_checkpoint.ts";
import { quantizeTextFile } from "../../src/cli/_quantize_text.ts";
import { Tokenizer } from "../../src/text/tokenizer.ts";
import { modelFolder } from "../../tools/fetch_model.ts";
import { IntegerLlama, lossOf } from "./_integer_llama.ts";
import { absent, readJson, sha256, SHARED } from "./_shared.ts";

const MODEL = `${modelFolder("smollm2")}/SmolLM2-135M-Instruct.Q4_1.gguf`;
const WIKI = `${SHARED}/data/wikitext-2-raw/wiki.test.raw`;
const WINDOWS = Number(Deno.env.get("FEWBIT_WINDOWS") ?? 8);
/** Digest of the file, which another entry or instruction changes, too, and most that perplexity may rise, per cent. */
const MODELS = {
  w8a8: { digest: "e78673138ed1d0a8831fb5be32c1b8c19773999ab96f7ccfe0f3c1f57d0390c3", floor: 3 },
  w4a8g64: {
    digest: "4f5f4d8d3ee6a4fc9f3e36d136bc939f1d34579db2b3379586950e699b5954e2",
    floor: 14,
  },
} as const;

for (const [bits, { digest, floor }] of Object.entries(MODELS)) {
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
          bits: bits as keyof typeof MODELS,
          method: "closed-form",
          calibration: undefined,
          params: new URL(`../../models/smollm2-${bits}.params.json`, import.meta.url).pathname,
          prefix: undefined,
          windows: 32,
          length: 512,
          check: 1,
          rotate: "auto",
          vocabulary: undefined,
          json: false,
          signal: new AbortController().signal,
        });
        const seconds = (performance.now() - start) / 1000;
        const file = await Deno.readFile(output);
        assert.equal(sha256(file), digest);
        const excess = await excessOf(file);
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

/** How much perplexity rises over the oracle's float network, per cent: tokens 2 to 512 of windows. */
async function excessOf(file: Uint8Array<ArrayBuffer>): Promise<number> {
  const { windows, nll_evaluation: all, nll_first_token_evaluation: first } = readJson(
    "golden/smollm2/smollm2.json",
  );
  const { tokenizer, tokenizerConfig } = await openTextCheckpoint(MODEL);
  const { ids } = Tokenizer.fromJson(tokenizer, tokenizerConfig)
    .encode(Deno.readTextFileSync(WIKI), { addSpecialTokens: false });
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
