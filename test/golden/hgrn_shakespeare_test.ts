/** The MatMul-free language models in `models/`, against what they were trained to. */
import assert from "node:assert/strict";
import type { SyncInstance } from "../../src/engines/engine.ts";
import { load } from "../../src/engines/load.ts";
import { openTextCheckpoint } from "../../src/checkpoints/text_checkpoint.ts";
import { compileTextModel } from "../../src/compile/text.ts";
import { encodeProgram } from "../../src/program/encode.ts";
import { Tokenizer } from "../../src/text/tokenizer.ts";
import { ENGINES } from "../conformance/_engines.ts";
import { meanLoss, rowsOf, runBatch } from "../models/_hgrn.ts";
import { absent, readJson, SHARED } from "./_shared.ts";

const FOLDER = `${SHARED}/data/hgrn-shakespeare`;
const TEXT = `${SHARED}/data/tinyshakespeare/input.txt`;
const modelFile = (name: string): URL => new URL(`../../models/${name}.fewbit`, import.meta.url);
const SHIPPED = modelFile("hgrn-shakespeare");
/** What the README of the checkpoint says and what the trainer measured, and how far a result may be from it. */
const LOSSES = [["hgrn-shakespeare", 3.5151], ["hgrn-bit-shakespeare", 3.3634]] as const;
const LOSS_TOLERANCE = 0.005;
const WINDOW = 256;
const WINDOWS = 193;

Deno.test({
  name: "golden: hgrn-shakespeare is what its checkpoint gives, in 1.5 MB",
  ignore: absent(FOLDER),
  fn: async () => {
    const { weights, ...files } = await openTextCheckpoint(FOLDER);
    const file = await encodeProgram((await compileTextModel(weights, files)).program);
    assert.deepEqual(file, await Deno.readFile(SHIPPED));
    assert.ok(file.length <= 1_500_000);
  },
});

/** Ids of the validation text: windows of one length, each with the token after it. */
function validationWindows(instance: SyncInstance): number[][] {
  const { tokenizer, tokenizerConfig } = instance.program.metadata;
  const text = Deno.readTextFileSync(TEXT);
  const { ids } = Tokenizer.fromJson(tokenizer, tokenizerConfig)
    .encode(text.slice(Math.floor(0.9 * text.length)), { addSpecialTokens: false });
  const windows = Array.from(
    { length: Math.floor((ids.length - 1) / WINDOW) },
    (_, i) => [...ids.subarray(i * WINDOW, (i + 1) * WINDOW + 1)],
  );
  assert.equal(windows.length, WINDOWS);
  return windows;
}

function lossOf(instance: SyncInstance, window: readonly number[]): number {
  const { logits } = runBatch(instance, { sequences: [window.slice(0, -1)] });
  return meanLoss(rowsOf(logits), window.slice(1));
}

for (const [name, expected] of LOSSES) {
  Deno.test({
    name: `golden: ${name}: the loss of the whole validation text`,
    ignore: absent(FOLDER, TEXT),
    fn: async () => {
      const file = await Deno.readFile(modelFile(name));
      using instance = await load(file, { symbols: { max_rows: WINDOW } });
      const losses = validationWindows(instance).map((window) => lossOf(instance, window));
      const mean = losses.reduce((a, b) => a + b) / losses.length;
      assert.ok(Math.abs(mean - expected) < LOSS_TOLERANCE, `loss ${mean}, expected ${expected}`);
      console.log(`loss ${mean.toFixed(4)} nats a token`);
    },
  });
}

Deno.test({
  name: "golden: hgrn-shakespeare: a window has the same logits on every engine",
  ignore: absent(FOLDER, TEXT),
  fn: async () => {
    const file = await Deno.readFile(SHIPPED);
    let defined: unknown;
    for (const engine of ENGINES) {
      using instance = await engine.load(file, { symbols: { max_rows: 64 } });
      const [window] = validationWindows(instance);
      const { logits } = runBatch(instance, { sequences: [window.slice(0, 64)] });
      defined ??= logits.data;
      assert.deepEqual(logits.data, defined, engine.name);
    }
  },
});

for (const engine of ENGINES) {
  Deno.test({
    name: `golden: hgrn-shakespeare writes the ids of the oracle (${engine.name})`,
    ignore: absent(FOLDER),
    fn: async () => {
      const expected = readJson("data/hgrn-shakespeare/expected.json");
      using instance = await engine.load(await Deno.readFile(SHIPPED));
      const { tokenizer, tokenizerConfig, generation } = instance.program.metadata;
      const text = Tokenizer.fromJson(tokenizer, tokenizerConfig);
      assert.deepEqual(generation, { bosTokenId: 1, eosTokenIds: [2] });
      const prompt = [...text.encode(expected.prompt, { addSpecialTokens: false }).ids];
      assert.deepEqual(prompt, expected.prompt_ids);
      const written: number[] = [];
      let [next, past] = [prompt, 0];
      while (written.length < expected.greedy_ids.length) {
        const rows = [next.length - 1];
        const { logits } = runBatch(instance, { sequences: [next], past: [past], rows });
        const [row] = rowsOf(logits);
        past += next.length;
        next = [row.indexOf(Math.max(...row))];
        written.push(...next);
      }
      assert.deepEqual(written, expected.greedy_ids);
      assert.equal(text.decode(Int32Array.from(written)), expected.text);
    },
  });
}
