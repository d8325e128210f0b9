/** Aborting and disposing at every await of every pipeline: nothing wrong, nothing lost, nothing late. */
import assert from "node:assert/strict";
import type { SyncInstance } from "../../src/engines/engine.ts";
import { load } from "../../src/engines/load.ts";
import { encodeProgram } from "../../src/program/encode.ts";
import { readEncoderFolder } from "../../src/checkpoints/encoder_folder.ts";
import { quantizeEncoder } from "../../src/compile/encoder_folder.ts";
import { ImageClassifier } from "../../src/pipelines/image/image_classifier.ts";
import { LanguageModel } from "../../src/pipelines/text/_language_model.ts";
import { textSetup } from "../../src/pipelines/text/_text_setup.ts";
import { TextEmbedder } from "../../src/pipelines/embedding/text_embedder.ts";
import { host } from "../../src/event_loop.ts";
import { TextGenerator } from "../../src/pipelines/text/text_generator.ts";
import { TextSession } from "../../src/pipelines/text/text_session.ts";
import { loadEmbedder } from "../../src/embedder.ts";
import { askIndex } from "../../src/search/ask_index.ts";
import type { PassageIndex } from "../../src/search/passage_index.ts";
import { updateIndex } from "../../src/search/update_index.ts";
import { interruptEverywhere } from "./_interrupt.ts";
import type { Interruptible } from "./_interrupt.ts";
import { CALIBRATION, writeTinyEncoder } from "./_tiny_encoder.ts";

const IMAGES = new URL("../../models/vit-fashion-mnist.fewbit", import.meta.url);
const LANGUAGE = new URL("../../models/hgrn-shakespeare.fewbit", import.meta.url);
const [IMAGES_FILE, LANGUAGE_FILE] = await Promise.all(
  [IMAGES, LANGUAGE].map((url) => Deno.readFile(url)),
);
const PIXELS = Uint8Array.from({ length: 28 * 28 }, (_, i) => i * 37 % 256);
/** Ids enough for more than a pause. */
const IDS = Int32Array.from({ length: 300 }, (_, i) => 5 + i % 400);
const MANY_IDS = Int32Array.from({ length: 4000 }, (_, i) => 5 + i % 400);
const SHORT = { maxTokens: 4, temperature: 0 };

const encoderFolder = await Deno.makeTempDir();
writeTinyEncoder(encoderFolder);
const encoder = await encodeProgram(
  await quantizeEncoder(await readEncoderFolder(encoderFolder), {
    texts: CALIBRATION,
    name: "tiny",
  }),
);

const textFolder = await Deno.makeTempDir();
for (const name of ["a", "b", "c"]) {
  await Deno.writeTextFile(`${textFolder}/${name}.txt`, `the ${name} sat on the mat\n`.repeat(40));
}
const EMPTY: PassageIndex = await (async () => {
  using model = await TextEmbedder.fromPretrained(encoder);
  const { id, name, dimension } = model;
  return {
    model: { id, name, source: "" },
    dimension,
    sizes: { tokens: 12, overlap: 2 },
    files: [],
  };
})();

const images = () => ImageClassifier.fromPretrained(IMAGES_FILE);
const language = (sessions = 1) => TextGenerator.fromPretrained(LANGUAGE_FILE, { sessions });

/** Work with a model that is loaded first, and used again afterwards. */
function using<M extends Disposable>(
  open: () => Promise<M>,
  run: (model: M, signal: AbortSignal) => Promise<unknown>,
  after: (model: M) => Promise<unknown>,
): () => Promise<Interruptible> {
  return async () => {
    const model = await open();
    const end = (): void => model[Symbol.dispose]();
    return { run: (signal) => run(model, signal), after: () => after(model), dispose: end, end };
  };
}

/** Loading, and one use of what was loaded. */
function loading<M extends Disposable>(
  open: (signal: AbortSignal) => Promise<M>,
  use: (model: M) => Promise<unknown>,
): () => Promise<Interruptible> {
  const run = async (signal: AbortSignal): Promise<unknown> => {
    using model = await open(signal);
    return await use(model);
  };
  return () => Promise.resolve({ run, after: () => run(new AbortController().signal) });
}

async function text(session: TextSession, prompt: string | Int32Array): Promise<string> {
  const pieces = await Array.fromAsync(session.generate(prompt, SHORT));
  return pieces.map((piece) => piece.text).join("");
}

const classify = (model: ImageClassifier) => model.classifyAll([whole(), whole()]);
const whole = () => ({ width: 28, height: 28, channels: 1 as const, data: PIXELS });
const complete = (lm: TextGenerator) => lm.complete("ROMEO:", SHORT);
const embed = (model: TextEmbedder) => model.embed(["the cat", "a dog ran"]);
const openEmbedder = () => TextEmbedder.fromPretrained(encoder);

/** What can be interrupted, by name. */
const PIPELINES: Readonly<Record<string, () => Promise<Interruptible>>> = {
  "load": loading(
    (signal) => load(new Blob([IMAGES_FILE]).stream(), { signal }),
    async (instance) => (await instance.run({ pixels: PIXELS })).logits,
  ),
  "ImageClassifier.fromPretrained": loading(
    (signal) => ImageClassifier.fromPretrained(IMAGES, { signal }),
    classify,
  ),
  "TextGenerator.fromPretrained": loading(
    (signal) => TextGenerator.fromPretrained(LANGUAGE, { signal }),
    complete,
  ),
  "TextEmbedder.fromPretrained": loading(
    (signal) => TextEmbedder.fromPretrained(encoder, { signal }),
    embed,
  ),
  "ImageClassifier.classifyAll": using(
    images,
    (model, signal) => model.classifyAll([whole(), whole(), whole()], { signal }),
    classify,
  ),
  "TextGenerator.complete": using(
    language,
    (lm, signal) => lm.complete("ROMEO: What", { ...SHORT, signal }),
    complete,
  ),
  "TextGenerator.complete, a long prompt": using(
    language,
    (lm, signal) => lm.complete(IDS, { ...SHORT, signal }),
    complete,
  ),
  "TextGenerator.logits": using(
    language,
    (lm, signal) => lm.logits(IDS.subarray(0, 90), { signal }),
    complete,
  ),
  "TextGenerator.perplexity": using(
    language,
    (lm, signal) => lm.perplexity("But soft! What light ".repeat(12), { window: 20, signal }),
    complete,
  ),
  "TextEmbedder.embed": using(
    openEmbedder,
    (model, signal) => model.embed(Array(100).fill("the cat sat"), { signal }),
    embed,
  ),
  "loadEmbedder": loading(
    (signal) => loadEmbedder(new Blob([encoder]).stream(), { signal }),
    (model) => model.embed(["the cat"]),
  ),
  "updateIndex": using(
    openEmbedder,
    async (model, signal) => (await updateIndex(EMPTY, textFolder, model, { signal })).index.files,
    embed,
  ),
  "askIndex": using(
    openEmbedder,
    (model, signal) => askIndex(EMPTY, "a cat", model, { signal }),
    embed,
  ),
  "quantizeEncoder": () =>
    Promise.resolve({
      run: async (signal) =>
        await encodeProgram(
          await quantizeEncoder(await readEncoderFolder(encoderFolder), {
            texts: CALIBRATION,
            name: "tiny",
            signal,
          }),
        ),
    }),
};

// The same number of pauses whatever else the machine does: a clock that goes on when it is asked.
let clock = 0;
host.now = () => clock += 0.5;

let unhandled = 0;
globalThis.addEventListener("unhandledrejection", () => unhandled++);

for (const [name, make] of Object.entries(PIPELINES)) {
  Deno.test(`${name} is aborted at every await`, async () => {
    const count = await interruptEverywhere(make, "abort");
    assert.ok(count > 0, "was never interrupted");
    assert.equal(unhandled, 0);
  });
}
for (const [name, make] of Object.entries(PIPELINES)) {
  const { dispose } = await make();
  if (dispose === undefined) continue;
  Deno.test(`${name}: the model is disposed at every await`, async () => {
    const count = await interruptEverywhere(make, "dispose");
    assert.ok(count > 0, "was never interrupted");
    assert.equal(unhandled, 0);
  });
}

Deno.test("a session that is aborted goes on as if nothing had been", async () => {
  const make = async (): Promise<Interruptible> => {
    const lm = await language();
    const session = lm.session();
    const first = await text(session, "ROMEO: What");
    return {
      run: (signal) => session.append(MANY_IDS, { signal }).then(() => first),
      // After an abort, or when it was read: then it has to be taken back for the comparison.
      after: async () => {
        if (session.length > 100) return "read";
        return await text(session, "\nJULIET:");
      },
      end: () => lm[Symbol.dispose](),
    };
  };
  using lm = await language();
  using alone = lm.session();
  await text(alone, "ROMEO: What");
  const expected = await text(alone, "\nJULIET:");
  let aborted = 0;
  for (let turns = 0; turns < 12; turns++) {
    const { run, after, end } = await make();
    const controller = new AbortController();
    const reading = run(controller.signal).then(() => "read", () => "aborted");
    for (let i = 0; i < turns; i++) await new Promise((next) => setTimeout(next, i % 3));
    controller.abort(new Error("stop"));
    const outcome = await reading;
    if (outcome === "aborted") aborted++;
    assert.equal(await after!(), outcome === "aborted" ? expected : "read");
    end!();
  }
  assert.ok(aborted > 3, `${aborted} aborts`);
});

Deno.test("a token that is aborted between two instructions leaves nothing behind", async () => {
  const sizes = { max_tokens: 64, max_rows: 1, sessions: 1 };
  const instance = await load(LANGUAGE_FILE, { symbols: sizes });
  /** Instructions after which the next run of one token ends. */
  let interrupt: number | undefined;
  const run: SyncInstance["run"] = async (inputs, options) => {
    if (interrupt === undefined || inputs.ids.length > 1) {
      return await instance.run(inputs, options);
    }
    instance.begin(inputs).advance(interrupt);
    interrupt = undefined;
    throw new Error("stop");
  };
  const interrupted = new Proxy(instance, {
    get: (target, name) => {
      if (name === "run") return run;
      const value = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  using model = new LanguageModel(interrupted);
  const setup = textSetup(instance.program.metadata, model.vocabularySize);
  using alone = await language();
  using other = alone.session();
  const expected = await text(other, "ROMEO: What") + await text(other, "\nJULIET:");
  for (const after of [1, 10, 30, 50]) {
    using session = new TextSession(model, setup);
    const pieces: string[] = [];
    const generate = async (...args: Parameters<TextSession["generate"]>): Promise<void> => {
      for await (const piece of session.generate(...args)) {
        pieces.push(piece.text);
        if (pieces.length === 2) interrupt = after;
      }
    };
    await assert.rejects(generate("ROMEO: What", SHORT), { message: "stop" });
    const { maxTokens } = SHORT;
    const left = maxTokens - session.length + alone.tokenizer.encode("ROMEO: What").ids.length;
    await generate(undefined, { ...SHORT, maxTokens: left });
    await generate("\nJULIET:", SHORT);
    assert.equal(pieces.join(""), expected, `after ${after} instructions`);
  }
});

Deno.test("a session that is disposed while it reads does not touch its slot's next owner", async () => {
  using alone = await language();
  using session = alone.session();
  const first = await text(session, "ROMEO: What");
  const second = await text(session, "\nJULIET:");
  for (let turns = 0; turns < 30; turns++) {
    using lm = await language();
    const old = lm.session();
    await text(old, "KING HENRY: my name is");
    const controller = new AbortController();
    const reading = old.generate(IDS, { maxTokens: 3, signal: controller.signal }).next()
      .catch((error) => error.code);
    for (let i = 0; i < turns; i++) await new Promise((next) => setTimeout(next, i % 2));
    old[Symbol.dispose]();
    using next = lm.session();
    assert.equal(await text(next, "ROMEO: What"), first, `${turns} turns`);
    controller.abort();
    const outcome = await reading;
    assert.ok(outcome === "disposed" || outcome.value !== undefined, `${outcome}`);
    assert.equal(await text(next, "\nJULIET:"), second, `${turns} turns`);
  }
});

Deno.test("four computations at once on one model give what one gives, also with aborts", async () => {
  using lm = await language(4);
  using classifier = await images();
  using embedder = await openEmbedder();
  const works: Readonly<Record<string, (signal: AbortSignal) => Promise<unknown>>> = {
    generate: (signal) => lm.complete(IDS, { ...SHORT, signal }),
    classify: (signal) => classifier.classifyAll([whole(), whole()], { signal }),
    embed: (signal) => embedder.embed(Array(100).fill("the cat"), { signal }),
  };
  for (const [name, work] of Object.entries(works)) {
    const expected = await work(new AbortController().signal);
    for (let aborted = -1; aborted < 4; aborted++) {
      const stops = [0, 1, 2, 3].map(() => new AbortController());
      const all = stops.map(({ signal }) => work(signal));
      setTimeout(() => stops[aborted]?.abort(new Error("stop")), 2);
      const results = await Promise.allSettled(all);
      results.forEach((result, i) => {
        if (result.status === "fulfilled") assert.deepEqual(result.value, expected, name);
        else {
          assert.equal(i, aborted, `${name}: ${result.reason}`);
          assert.equal(result.reason.message, "stop");
        }
      });
    }
  }
});
