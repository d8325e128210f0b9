/** stories260K: llama2.c's own greedy text, and the perplexity of windows that the model drew. */
import assert from "node:assert/strict";
import { openTextCheckpoint } from "../../src/checkpoints/text_checkpoint.ts";
import { compileTextModel } from "../../src/compile/text.ts";
import { TextGenerator } from "../../src/pipelines/text/text_generator.ts";
import { encodeProgram } from "../../src/program/encode.ts";
import { ENGINES } from "../conformance/_engines.ts";
import { bestOf, greedy, lossesOf, runIds } from "./_llama.ts";
import { absent, readJson, SHARED } from "./_shared.ts";

const FOLDER = `${SHARED}/data/stories260K`;
const MODEL = `${FOLDER}/stories260K.bin`;
const ignore = absent(MODEL, `${SHARED}/golden/llama2c/stories260K.json`);
const BEGIN = 1;

async function compiled(): Promise<Uint8Array<ArrayBuffer>> {
  const { weights, ...files } = await openTextCheckpoint(MODEL);
  return await encodeProgram((await compileTextModel(weights, files)).program);
}

Deno.test({
  name: "stories260K: 200 greedy steps are llama2.c's, byte for byte, on every engine",
  ignore,
  fn: async () => {
    const golden = readJson("golden/llama2c/stories260K.json");
    const file = await compiled();
    const rows: Float32Array[] = [];
    for (const { load, name } of ENGINES) {
      using instance = await load(file);
      assert.deepEqual(greedy(instance, [BEGIN], golden.steps), golden.greedy_ids, name);
      const first = runIds(instance, [BEGIN], 0, [0]);
      golden.logits_step_0.forEach((logit: number, id: number) =>
        assert.ok(Math.abs(first[id] - logit) < 3e-5, `${name}: logit ${id}`)
      );
      rows.push(first);
    }
    for (const row of rows) assert.deepEqual(row, rows[0]);
    using lm = await TextGenerator.fromPretrained(MODEL);
    const options = { temperature: 0, maxTokens: golden.steps };
    assert.equal(await lm.complete([BEGIN], options), golden.greedy_text);
    assert.equal(lm.tokenizer.decode(golden.greedy_ids), golden.greedy_text);
  },
});

Deno.test({
  name: "stories260K: whatever way the greedy text comes in, the bits are the same",
  ignore,
  fn: async () => {
    const { greedy_ids: ids } = readJson("golden/llama2c/stories260K.json");
    const [, { load }] = ENGINES;
    const symbols = { max_tokens: 256, max_rows: 256, max_sequences: 2, sessions: 3 };
    using instance = await load(await compiled(), { symbols });
    const text = [BEGIN, ...ids];
    const inChunks = (size: number, slot: number): Float32Array[] => {
      const rows: Float32Array[] = [];
      for (let at = 0; at < text.length; at += size) {
        const chunk = text.slice(at, at + size);
        rows.push(runIds(instance, chunk, at, [...chunk.keys()], slot));
      }
      return rows;
    };
    const whole = Float32Array.from(inChunks(text.length, 0).flatMap((row) => [...row]));
    for (const size of [1, 7, 16, 64]) {
      const rows = inChunks(size, 1);
      let at = 0;
      for (const row of rows) {
        assert.deepEqual(row, whole.slice(at, at + row.length), `chunks of ${size}`);
        at += row.length;
      }
    }
    // Saved at 100 tokens, restored into another session, which goes on as the first did.
    runIds(instance, text.slice(0, 100), 0, [0], 2);
    const saved = instance.saveStateSync(2);
    assert.ok(saved.length < 5 * 2 * 100 * 32 * 4 + 64, `${saved.length} bytes`);
    instance.restoreState(saved, 1);
    const [next] = [runIds(instance, text.slice(100, 101), 100, [0], 1)];
    assert.deepEqual(next, whole.slice(100 * 512, 101 * 512));
    assert.equal(bestOf(next), text[101]);
  },
});

Deno.test({
  name: "stories260K: perplexity of the windows",
  ignore,
  fn: async () => {
    const golden = readJson("golden/llama2c/windows.json");
    const [, { load }] = ENGINES;
    using instance = await load(await compiled(), { symbols: { max_tokens: 256, max_rows: 256 } });
    let sum = 0;
    const windows: number[][] = golden.ids.slice(64);
    windows.forEach((ids, w) => {
      const loss = lossesOf(instance, ids, ids.slice(1)).reduce((a, b) => a + b);
      const expected = golden.nll_sum_float64[64 + w];
      assert.ok(Math.abs(loss / expected - 1) < 1e-6, `window ${w}: ${loss}, ${expected}`);
      sum += loss;
    });
    const perplexity = Math.exp(sum / (windows.length * golden.predictions_per_window));
    assert.ok(Math.abs(perplexity / golden.perplexity_evaluation - 1) < 1e-6, `${perplexity}`);
    console.log(`perplexity ${perplexity}`);
  },
});
