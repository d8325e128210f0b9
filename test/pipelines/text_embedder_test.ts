/** Sentence embeddings with a small seeded encoder. */
import assert from "node:assert/strict";
import { loadEmbedder } from "../../src/embedder.ts";
import { load } from "../../src/engines/load.ts";
import type { SyncEngineName } from "../../src/engines/load.ts";
import { readEncoderFolder } from "../../src/checkpoints/encoder_folder.ts";
import { quantizeEncoder } from "../../src/compile/encoder_folder.ts";
import { TextEmbedder } from "../../src/pipelines/embedding/text_embedder.ts";
import { encodeProgram } from "../../src/program/encode.ts";
import type { CompiledProgram, Metadata } from "../../src/program/program.ts";
import { unitVector } from "../../src/pipelines/embedding/unit_vector.ts";
import { CALIBRATION, MAX_TOKENS, tinyTokenizer, writeTinyEncoder } from "./_tiny_encoder.ts";
import { VOCABULARY, WIDTH } from "./_tiny_bert.ts";

const ENGINES: readonly SyncEngineName[] = ["reference", "wasm-simd", "wasm-relaxed"];
const TEXTS = ["the cat sat", "", "a dog ran on the house.", "The CAT sat", "a ".repeat(40), "?"];

/** Runs with the folder of the encoder, which is removed at the end. */
async function withFolder<T>(
  work: (folder: string) => T | Promise<T>,
  files?: Readonly<Record<string, unknown>>,
): Promise<T> {
  const folder = await Deno.makeTempDir();
  try {
    writeTinyEncoder(folder, files);
    return await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function compileTiny(): Promise<CompiledProgram> {
  return await withFolder(async (folder) =>
    await quantizeEncoder(await readEncoderFolder(folder), { name: "tiny", texts: CALIBRATION })
  );
}

const program = await compileTiny();
const file = await encodeProgram(program);
const withMetadata = (metadata: Metadata): Promise<Uint8Array<ArrayBuffer>> =>
  encodeProgram({ ...program, metadata: { ...program.metadata, ...metadata } });

/** The embedding of ids by the program itself, one text at a time. */
async function alone(ids: Int32Array): Promise<Float32Array> {
  using instance = await load(file, { engine: "reference" });
  const { sums } = await instance.run({ ids, offsets: Int32Array.of(0, ids.length) }, {
    symbols: { tokens: ids.length, sequences: 1 },
  });
  return unitVector(sums.data as Int32Array);
}

Deno.test("embed gives the rows of the texts in order, the same on every engine", async () => {
  for (const engine of ENGINES) {
    using embedder = await TextEmbedder.fromPretrained(file, { engine });
    assert.equal(embedder.engine, engine);
    assert.deepEqual(
      [embedder.name, embedder.dimension, embedder.maxTokens, embedder.vocabularySize],
      ["tiny", WIDTH, MAX_TOKENS, VOCABULARY],
    );
    const { rows, tokens, truncated } = await embedder.embed(TEXTS);
    // [CLS] and [SEP] included; 40 words are cut.
    assert.deepEqual(tokens, [5, 2, 9, 5, MAX_TOKENS, 3]);
    assert.deepEqual(truncated, [false, false, false, false, true, false]);
    for (const [i, text] of TEXTS.entries()) {
      const { ids } = embedder.tokenizer.encode(text, { maxTokens: MAX_TOKENS });
      assert.deepEqual(rows[i], await alone(ids), text);
      assert.ok(Math.abs(Math.hypot(...rows[i]) - 1) < 1e-6);
    }
    assert.deepEqual(rows[3], rows[0]);
  }
});

Deno.test("batches of any size give the same rows, and progress", async () => {
  using embedder = await TextEmbedder.fromPretrained(file);
  const texts = Array.from({ length: 600 }, (_, i) => "the cat ".repeat(i % 9) + i % 7);
  const { rows, tokens } = await embedder.embed(texts);
  const seen: number[] = [];
  for (const [batchTokens, batchTexts] of [[MAX_TOKENS, 1], [500, 3], [4096, 600]]) {
    using other = await TextEmbedder.fromPretrained(file, { batchTokens, batchTexts });
    const onProgress = (done: number, total: number): void => {
      seen.push(done);
      assert.equal(total, 600);
    };
    assert.deepEqual(await other.embed(texts, { onProgress }).then((e) => e.rows), rows);
    assert.equal(seen.at(-1), 600);
    assert.deepEqual(seen, seen.toSorted((a, b) => a - b));
    seen.length = 0;
  }
  assert.equal(tokens.length, 600);
  assert.deepEqual((await embedder.embed([])).rows, []);
});

Deno.test("a smaller batch than the longest text cuts texts sooner", async () => {
  using embedder = await TextEmbedder.fromPretrained(file, { batchTokens: 6 });
  assert.equal(embedder.maxTokens, 6);
  const { tokens, truncated } = await embedder.embed(["a b c d", "a b c d e"]);
  assert.deepEqual([tokens, truncated], [[6, 6], [false, true]]);
});

Deno.test("ids are embedded as their text; too many are cut before the last special one", async () => {
  using embedder = await TextEmbedder.fromPretrained(file);
  const ids = TEXTS.map((text) => [...embedder.tokenizer.encode(text).ids]);
  const expected = await embedder.embed(TEXTS);
  assert.deepEqual(await embedder.embedIds(ids), expected);
  assert.deepEqual(await embedder.embed(ids.map((row) => Int32Array.from(row))), expected);
  assert.deepEqual((await embedder.embed(ids[2])).rows, [expected.rows[2]]);
  assert.deepEqual((await embedder.embed(Int32Array.from(ids[2]))).rows, [expected.rows[2]]);
});

Deno.test("int8 is round(127·x), binary the signs, and similarity is theirs", async () => {
  using embedder = await TextEmbedder.fromPretrained(file);
  const { rows } = await embedder.embed(TEXTS);
  const { rows: codes } = await embedder.embed(TEXTS, { format: "int8" });
  const { rows: signs } = await embedder.embed(TEXTS, { format: "binary" });
  rows.forEach((row, i) => {
    assert.ok(codes[i] instanceof Int8Array && signs[i] instanceof Uint8Array);
    row.forEach((x, c) => {
      assert.ok(Math.abs(127 * x - codes[i][c]) <= 0.5);
      const bit = signs[i][Math.floor(c / 8)].toString(2).padStart(8, "0")[c % 8];
      assert.equal(bit, x > 0 ? "1" : "0");
    });
    assert.equal(signs[i].length, Math.ceil(WIDTH / 8));
  });
  const dot = rows[0].reduce((sum, x, c) => sum + x * rows[2][c], 0);
  assert.ok(Math.abs(embedder.similarity(rows[0], rows[2]) - dot) < 1e-12);
  assert.ok(Math.abs(embedder.similarity(codes[0], codes[2]) - dot) < 0.05);
  const equal = rows[0].filter((x, c) => x > 0 === rows[2][c] > 0).length;
  assert.equal(embedder.similarity(signs[0], signs[2]), (2 * equal - WIDTH) / WIDTH);
  assert.equal(embedder.similarity(signs[1], signs[1]), 1);
  const code = "invalid_argument";
  assert.throws(() => embedder.similarity(rows[0], codes[0] as never), { code });
  assert.throws(() => embedder.similarity(rows[0], rows[1].slice(1)), { code });
  assert.throws(() => embedder.similarity(null as never, rows[1]), { code });
});

Deno.test("a prefix and a prompt go in front of each text", async () => {
  using embedder = await TextEmbedder.fromPretrained(file);
  assert.deepEqual([...embedder.prompts], [["query", "query: "]]);
  const { rows } = await embedder.embed("query: cat");
  assert.deepEqual((await embedder.embed("cat", { prefix: "query: " })).rows, rows);
  assert.deepEqual((await embedder.embed(["cat"], { prompt: "query" })).rows, rows);
  assert.notDeepEqual((await embedder.embed("cat")).rows, rows);
  using other = await TextEmbedder.fromPretrained(await withMetadata({ defaultPrompt: "query" }));
  assert.deepEqual((await other.embed("cat")).rows, rows);
  assert.deepEqual((await other.embed("query: cat", { prefix: "" })).rows, rows);
  const code = "invalid_argument";
  await assert.rejects(embedder.embed("cat", { prompt: "answer" }), { code, message: /query/ });
  await assert.rejects(embedder.embed("cat", { prompt: "query", prefix: "" }), { code });
});

Deno.test("a long text is cut as if all of it were tokenised", async () => {
  using embedder = await TextEmbedder.fromPretrained(file);
  const parts = ["cats ", "  ", "a.b ", "东东", "[SEP] ", "\n\t", "unknownword ", "é", "CAT-dog "];
  for (let i = 0; i < 60; i++) {
    const text = Array.from({ length: 400 }, (_, k) => parts[(k * k * 7 + k * i + i) % 9]).join("");
    const all = [...embedder.tokenizer.encode(text).ids];
    const cut = [...all.slice(0, MAX_TOKENS - 1), all[all.length - 1]];
    assert.deepEqual(
      await embedder.embed(text),
      await embedder.embed([cut]).then((e) => ({
        ...e,
        truncated: [true],
      })),
    );
  }
  // Far more than a tokenizer takes.
  assert.deepEqual(
    (await embedder.embed("cat ".repeat(2 ** 20))).rows,
    (await embedder.embed("cat ".repeat(100))).rows,
  );
  await assert.rejects(embedder.embed("a".repeat(2 ** 22 + 1)), { code: "limit_exceeded" });
});

Deno.test("wrong inputs, options and a disposed model are typed errors", async () => {
  const embedder = await TextEmbedder.fromPretrained(file);
  const code = "invalid_argument";
  for (const input of [null, 5, {}, [null], ["a", 5], [[]], [[VOCABULARY]], [[-1]], [[1.5]]]) {
    await assert.rejects(embedder.embed(input as never), { code }, JSON.stringify(input));
  }
  await assert.rejects(embedder.embedIds(["a"] as never), { code });
  await assert.rejects(embedder.embed("a", { format: "int4" as never }), { code });
  await assert.rejects(embedder.embed("a", { prefix: 5 as never }), { code });
  embedder[Symbol.dispose]();
  await assert.rejects(embedder.embed("a"), { code: "disposed" });
});

Deno.test("a signal stops loading, and embedding between two batches", async () => {
  const reason = new Error("enough");
  const aborted = { signal: AbortSignal.abort(reason) };
  await assert.rejects(TextEmbedder.fromPretrained(file, aborted), reason);
  using embedder = await TextEmbedder.fromPretrained(file, { batchTexts: 1 });
  await assert.rejects(embedder.embed("a", aborted), reason);
  const controller = new AbortController();
  let batches = 0;
  const work = embedder.embed(Array(100).fill("a"), {
    signal: controller.signal,
    onProgress: () => {
      if (++batches === 3) controller.abort(reason);
    },
  });
  await assert.rejects(work, reason);
  assert.equal(batches, 3);
  assert.equal((await embedder.embed("a")).rows.length, 1);
});

Deno.test("many who embed at once get what they asked for", async () => {
  using embedder = await TextEmbedder.fromPretrained(file, { batchTexts: 2 });
  const { rows } = await embedder.embed(TEXTS);
  const all = await Promise.all(
    TEXTS.flatMap((text) => [embedder.embed(text), embedder.embed(TEXTS)]),
  );
  all.forEach((given, i) => assert.deepEqual(given.rows, i % 2 ? rows : [rows[i / 2]]));
});

Deno.test("the small entry loads a stream, a response and bytes", async () => {
  const { rows } = await TextEmbedder.fromPretrained(file).then((e) => e.embed(TEXTS));
  for (const source of [file, new Response(file), new Blob([file]).stream()]) {
    using embedder = await loadEmbedder(source, { batchTokens: 64 });
    assert.deepEqual((await embedder.embed(TEXTS)).rows, rows);
    assert.ok(embedder.memoryBytes > 0);
  }
});

Deno.test("a float folder without scales is refused and told of quantize", async () => {
  await withFolder(async (folder) => {
    const message = /fewbit quantize FOLDER --calibration/;
    await assert.rejects(TextEmbedder.fromPretrained(folder), { code: "unsupported", message });
    await Deno.writeFile(`${folder}/model.fewbit`, file);
    using embedder = await TextEmbedder.fromPretrained(folder);
    assert.equal(embedder.name, "tiny");
  });
});

const BAD_FOLDERS: readonly (readonly [string, Record<string, unknown>, string, RegExp])[] = [
  ["another family", { "config.json": { model_type: "mpnet" } }, "unsupported", /mpnet/],
  [
    "a dense layer",
    { "modules.json": [{ type: "sentence_transformers.models.Dense" }] },
    "unsupported",
    /Dense/,
  ],
  ["modules of text", { "modules.json": ["a"] }, "invalid_file", /modules\.json/],
  [
    "a class of BERT's and another normaliser",
    {
      "tokenizer_config.json": { tokenizer_class: "BertTokenizer" },
      "tokenizer.json": { ...tinyTokenizer(), normalizer: { type: "NFC" } },
    },
    "unsupported",
    /BertTokenizer.*"NFC"/,
  ],
  ["no tokenizer", { "tokenizer.json": {} }, "invalid_file", /model/],
];

for (const [name, files, code, message] of BAD_FOLDERS) {
  Deno.test(`a folder with ${name} is refused`, async () => {
    await withFolder(async (folder) => {
      const work = readEncoderFolder(folder)
        .then((encoder) => quantizeEncoder(encoder, { texts: CALIBRATION }));
      await assert.rejects(work, { code, message });
    }, files);
  });
}

const BAD_METADATA: readonly (readonly [metadata: Metadata, code: string])[] = [
  [{ task: "text-generation" }, "unsupported"],
  [{ dimension: WIDTH + 1 }, "invalid_file"],
  [{ maxTokens: 0 }, "invalid_file"],
  [{ maxTokens: "12" }, "invalid_file"],
  [{ maxTokens: 1 }, "invalid_file"],
  [{ name: 5 }, "invalid_file"],
  [{ name: "x".repeat(2000) }, "invalid_file"],
  [{ tokenizer: null }, "invalid_file"],
  [{ tokenizer: { model: {} } }, "invalid_file"],
  [{ prompts: "query" }, "invalid_file"],
  [{ prompts: { query: 5 } }, "invalid_file"],
  [{ prompts: { query: "x".repeat(2000) } }, "invalid_file"],
  [{ defaultPrompt: "toString" }, "invalid_file"],
];

for (const [metadata, code] of BAD_METADATA) {
  Deno.test(`metadata ${JSON.stringify(metadata).slice(0, 60)} are refused`, async () => {
    await assert.rejects(TextEmbedder.fromPretrained(await withMetadata(metadata)), { code });
  });
}

Deno.test("a tokenizer with more tokens than the program is refused", async () => {
  const tokenizer = tinyTokenizer();
  const vocab = { ...(tokenizer.model as { vocab: object }).vocab, more: VOCABULARY };
  const bad = { ...tokenizer, model: { ...tokenizer.model as object, vocab } };
  const source = await withMetadata({ tokenizer: bad });
  await assert.rejects(TextEmbedder.fromPretrained(source), { code: "invalid_file" });
});

Deno.test("metadata that allow longer texts than the position table harm nothing", async () => {
  const source = await withMetadata({ maxTokens: 1000 });
  using embedder = await TextEmbedder.fromPretrained(source, { batchTokens: 1000 });
  const { rows, tokens } = await embedder.embed("a ".repeat(900));
  assert.deepEqual([rows.length, tokens], [1, [902]]);
});

Deno.test("a model without a tokenizer takes ids only", async () => {
  const { tokenizer: _, ...metadata } = program.metadata;
  using embedder = await TextEmbedder.fromPretrained(await encodeProgram({ ...program, metadata }));
  await assert.rejects(embedder.embed("a"), { code: "unsupported", message: /no tokenizer/ });
  assert.equal((await embedder.embedIds([[2, 5, 3]])).rows.length, 1);
});
