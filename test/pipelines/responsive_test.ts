/** Pipelines let others work, and heed an abort in the turn of the event loop in which it comes. */
import assert from "node:assert/strict";
import { readEncoderFolder } from "../../src/checkpoints/encoder_folder.ts";
import { quantizeEncoder } from "../../src/compile/encoder_folder.ts";
import { inTurns } from "../../src/event_loop.ts";
import { ImageClassifier } from "../../src/pipelines/image/image_classifier.ts";
import { TextEmbedder } from "../../src/pipelines/embedding/text_embedder.ts";
import { TextGenerator } from "../../src/pipelines/text/text_generator.ts";
import { encodeProgram } from "../../src/program/encode.ts";
import { askIndex } from "../../src/search/ask_index.ts";
import { updateIndex } from "../../src/search/update_index.ts";
import { CountedTurns, FakeClock } from "../_fake_host.ts";
import { CALIBRATION, writeTinyEncoder } from "./_tiny_encoder.ts";

/** On this clock every piece of work seems to take so long that a pause is due. */
const LOOK = 20;

const folder = await Deno.makeTempDir();
writeTinyEncoder(folder);
const encoderFolder = await readEncoderFolder(folder);
const quantize = (signal?: AbortSignal) =>
  quantizeEncoder(encoderFolder, { texts: CALIBRATION, name: "tiny", ...signal && { signal } });
const encoder = await encodeProgram(await quantize());

const classifier = await ImageClassifier.fromPretrained();
const embedder = await TextEmbedder.fromPretrained(encoder);
const lm = await TextGenerator.fromPretrained();

const PICTURES = ["000-ankle-boot", "001-pullover", "002-trouser"].map((name) =>
  Deno.readFileSync(new URL(`../../examples/fashion/${name}.png`, import.meta.url))
);
const TEXTS = Array.from({ length: 40 }, (_, i) => `the cat sat on mat ${"a".repeat(i % 7)}`);
const SPEECH = "But soft! What light through yonder window breaks? ".repeat(8);
const notes = await Deno.makeTempDir();
await Deno.writeTextFile(`${notes}/a.txt`, "the cat sat on the mat\n".repeat(600));
const { id, name, dimension } = embedder;
const EMPTY = {
  model: { id, name, source: "" },
  dimension,
  sizes: { tokens: 6, overlap: 0 },
  files: [],
};
const { index: INDEX } = await updateIndex(EMPTY, notes, embedder);

/** Work, and the turns of the event loop that it has to let go by at least. */
const WORKS: Readonly<
  Record<string, readonly [number, (signal?: AbortSignal) => Promise<unknown>]>
> = {
  "classifyAll": [
    // Each picture, each run, each result.
    3 * PICTURES.length,
    (signal) => classifier.classifyAll(PICTURES, { ...signal && { signal } }),
  ],
  "embed": [TEXTS.length, (signal) => embedder.embed(TEXTS, { ...signal && { signal } })],
  "embed with a limit": [
    2 * TEXTS.length,
    (signal) => embedder.embed(TEXTS, { maxTotalTokens: 10_000, ...signal && { signal } }),
  ],
  "generate": [
    20,
    (signal) =>
      lm.complete("ROMEO:", { maxTokens: 20, seed: 1, stopAtEnd: false, ...signal && { signal } }),
  ],
  "logits": [10, (signal) => lm.logits(Array(200).fill(7), { ...signal && { signal } })],
  "perplexity": [
    // Each token, and each run.
    lm.tokenizer.encode(SPEECH).ids.length,
    (signal) => lm.perplexity(SPEECH, { window: 16, ...signal && { signal } }),
  ],
  "quantizeEncoder": [200, quantize],
  "updateIndex": [
    600,
    (signal) => updateIndex(EMPTY, notes, embedder, { ...signal && { signal } }),
  ],
  "askIndex": [3, (signal) => askIndex(INDEX, "a cat", embedder, { ...signal && { signal } })],
};

for (const [name, [least, work]] of Object.entries(WORKS)) {
  Deno.test(`${name} lets others work, with the same result`, async () => {
    const expected = await work();
    using _ = new FakeClock(LOOK);
    using turns = new CountedTurns();
    assert.deepEqual(await work(), expected);
    assert.ok(turns.count >= least, `${turns.count} turns`);
  });

  Deno.test(`${name} is over in the turn in which it is aborted`, async () => {
    using _ = new FakeClock(LOOK);
    const reason = new Error("stop");
    for (let turn = 1; turn < least; turn = Math.ceil(turn * 1.7)) {
      const controller = new AbortController();
      using turns = new CountedTurns((count) => count === turn && controller.abort(reason));
      await assert.rejects(work(controller.signal), (error) => error === reason);
      assert.equal(turns.count, turn);
    }
  });
}

Deno.test("loading lets others work", async () => {
  using _ = new FakeClock(LOOK);
  using turns = new CountedTurns();
  using model = await TextEmbedder.fromPretrained(encoder);
  assert.equal(model.dimension, dimension);
  // Constants and parameters, and before the tokenizer is made.
  assert.ok(turns.count >= 2, `${turns.count} turns`);
});

Deno.test("a file is written piece by piece", async () => {
  const program = await quantize();
  using _ = new FakeClock(LOOK);
  using turns = new CountedTurns();
  assert.deepEqual(await encodeProgram(program), encoder);
  assert.ok(turns.count > program.data.size, `${turns.count} turns`);
});

Deno.test("two pipelines at work at once do not wait for each other's end", async () => {
  using _ = new FakeClock(LOOK);
  const ends: string[] = [];
  const embedding = embedder.embed(Array(20).fill(TEXTS).flat()).then(() =>
    ends.push("many texts")
  );
  await inTurns(function* () {
    yield;
  }());
  await classifier.classifyAll(PICTURES).then(() => ends.push("pictures"));
  await embedding;
  assert.deepEqual(ends, ["pictures", "many texts"]);
});
