/**
 * SmolLM2-135M-Instruct out of its Q4_1 GGUF, in float32: tensors, tokenizer, chat, logits.
 * `FEWBIT_WINDOWS=64` measures all windows instead of a few.
 */
import assert from "node:assert/strict";
import { openTextCheckpoint } from "../../src/checkpoints/text_checkpoint.ts";
import { compileTextModel } from "../../src/compile/text.ts";
import type { SyncInstance } from "../../src/engines/engine.ts";
import { loadWasm } from "../../src/engines/wasm/load.ts";
import { openGgufFile } from "../../src/formats/gguf_file.ts";
import { float32 } from "../../src/models/weights.ts";
import { encodeProgram } from "../../src/program/encode.ts";
import { ChatEncoder } from "../../src/text/chat_encoder.ts";
import { applyChatTemplate } from "../../src/text/chat_template.ts";
import { Tokenizer } from "../../src/text/tokenizer.ts";
import { modelFolder } from "../../tools/fetch_model.ts";
import { bestOf, greedy, lossesOf, runIds } from "./_llama.ts";
import { absent, readJson, sha256, SHARED } from "./_shared.ts";

const MODEL = `${modelFolder("smollm2")}/SmolLM2-135M-Instruct.Q4_1.gguf`;
const FILE = "golden/smollm2/smollm2.json";
const ignore = absent(MODEL, `${SHARED}/${FILE}`);
const WINDOWS = Number(Deno.env.get("FEWBIT_WINDOWS") ?? 3);

const WIKI = `${SHARED}/data/wikitext-2-raw/wiki.test.raw`;

async function tokenizer(): Promise<Tokenizer> {
  const { tokenizer, tokenizerConfig } = await openTextCheckpoint(MODEL);
  return Tokenizer.fromJson(tokenizer, tokenizerConfig);
}

const idsOf = (own: Tokenizer, text: string): number[] => [
  ...own.encode(text, { addSpecialTokens: false }).ids,
];

Deno.test({
  name: "SmolLM2: dequantised tensors have the SHA-256 of the oracle",
  ignore,
  fn: () => {
    const expected: Record<string, { shape: number[]; type: string; sha256: string }> =
      readJson(FILE).tensors;
    const { tensors } = openGgufFile(MODEL);
    assert.equal(tensors.size, 272);
    assert.equal(Object.keys(expected).length, 6);
    for (const [name, { shape, type, sha256: hash }] of Object.entries(expected)) {
      const tensor = tensors.get(name)!;
      assert.deepEqual([tensor.type, tensor.shape], [type, shape], name);
      assert.equal(sha256(float32(tensor.read(), name)), hash, name);
    }
  },
});

Deno.test({
  name: "SmolLM2: ids of 46 cases, ten texts, two corpora, and of conversations",
  ignore,
  fn: async () => {
    const golden = readJson(FILE);
    const own = await tokenizer();
    const { inp, more } = golden.tokenizer;
    const cases = Deno.readTextFileSync(`${SHARED}/data/ggml-vocab/ggml-vocab-gpt-2.gguf.inp`)
      .split("\n__ggml_vocab_test__\n").slice(0, -1);
    assert.equal(cases.length, inp.length);
    cases.forEach((text, i) => assert.deepEqual(idsOf(own, text), inp[i], JSON.stringify(text)));
    for (const { text, ids } of more) assert.deepEqual(idsOf(own, text), ids, text);
    const corpora: [name: string, text: string][] = [
      ["wiki.test.raw", Deno.readTextFileSync(WIKI)],
      ["tinyshakespeare", Deno.readTextFileSync(`${SHARED}/data/tinyshakespeare/input.txt`)],
    ];
    for (const [name, text] of corpora) {
      const ids = idsOf(own, text);
      const expected = golden.tokenizer[name];
      assert.deepEqual([ids.length, sha256(Uint32Array.from(ids))], [
        expected.count,
        expected.sha256,
      ]);
    }
    const encoder = new ChatEncoder(own);
    for (const { messages, add_generation_prompt, text, ids, ids_content_as_text } of golden.chat) {
      const options = { addGenerationPrompt: add_generation_prompt };
      const rendered = applyChatTemplate(own.config, messages, options);
      assert.equal(rendered, text);
      assert.deepEqual(idsOf(own, rendered), ids);
      assert.deepEqual([...encoder.encode(messages, options)], ids_content_as_text);
    }
  },
});

Deno.test({
  name: "SmolLM2: logits, likelihood and greedy text of the float network",
  ignore,
  fn: async () => {
    const golden = readJson(FILE);
    const { weights, ...files } = await openTextCheckpoint(MODEL);
    const { program } = await compileTextModel(weights, files);
    using instance = await loadWasm(await encodeProgram(program), {
      symbols: { max_tokens: 256, max_rows: 256 },
    });
    for (const { ids, next, first_logits, prompt } of golden.greedy) {
      const logits = runIds(instance, ids, 0, [ids.length - 1]);
      assert.ok(differenceOf(logits, first_logits) < 1e-3, prompt);
      assert.deepEqual(greedy(instance, ids, 64), next, prompt);
    }
    checkChunks(instance, golden.greedy[1].ids);

    const wiki = idsOf(await tokenizer(), Deno.readTextFileSync(WIKI));
    const { evaluation, length } = golden.windows;
    for (const [w, at] of evaluation.slice(0, WINDOWS).entries()) {
      const ids = wiki.slice(at, at + length);
      const inputs = [...golden.prefix, ...ids.slice(0, -1)];
      const losses = lossesOf(instance, inputs, ids, (row, position) => {
        const expected = w === 0 && golden.logits_of_evaluation_window_0[position];
        if (!expected) return;
        assert.ok(differenceOf(row, expected.first) < 2e-3, `logits at ${position}`);
        assert.equal(bestOf(row), expected.arg_max);
      });
      const loss = losses.reduce((a, b) => a + b);
      const relative = loss / golden.nll_evaluation[w] - 1;
      console.log(`window ${w}: ${loss} nats, off by ${relative.toExponential(1)}`);
      assert.ok(Math.abs(relative) < 1e-4);
    }
  },
});

/** The same logits, whatever way a prompt comes in. */
function checkChunks(instance: SyncInstance, ids: readonly number[]): void {
  const whole = runIds(instance, ids, 0, [ids.length - 1]);
  for (const size of [1, 7]) {
    for (let at = 0; at < ids.length; at += size) {
      const chunk = ids.slice(at, at + size);
      const logits = runIds(instance, chunk, at, [chunk.length - 1]);
      if (at + size >= ids.length) assert.deepEqual(logits, whole, `chunks of ${size}`);
    }
  }
}

function differenceOf(row: Float32Array, expected: readonly number[]): number {
  return Math.max(...expected.map((logit, id) => Math.abs(row[id] - logit)));
}
