/** Every pipeline on an engine that has nothing at once: the bits of wasm, whatever comes between. */
import assert from "node:assert/strict";
import { load } from "../../src/engines/load.ts";
import type { SyncEngineName } from "../../src/engines/load.ts";
import { nextTurn } from "../../src/event_loop.ts";
import { readEncoderFolder } from "../../src/checkpoints/encoder_folder.ts";
import { quantizeEncoder } from "../../src/compile/encoder_folder.ts";
import { EmbeddingModel } from "../../src/pipelines/embedding/embedding_model.ts";
import { ImageClassifier } from "../../src/pipelines/image/image_classifier.ts";
import { TextGenerator } from "../../src/pipelines/text/text_generator.ts";
import type { TextSession } from "../../src/pipelines/text/text_session.ts";
import { encodeProgram } from "../../src/program/encode.ts";
import { AsyncOnly } from "../engines/_async_only.ts";
import { interruptEverywhere } from "./_interrupt.ts";
import type { Interruptible } from "./_interrupt.ts";
import { CALIBRATION, writeTinyEncoder } from "./_tiny_encoder.ts";

const [IMAGES, LANGUAGE] = await Promise.all(
  ["vit-fashion-mnist", "hgrn-shakespeare"].map((name) =>
    Deno.readFile(new URL(`../../models/${name}.fewbit`, import.meta.url))
  ),
);
const folder = await Deno.makeTempDir();
writeTinyEncoder(folder);
const ENCODER = await encodeProgram(
  await quantizeEncoder(await readEncoderFolder(folder), { texts: CALIBRATION, name: "tiny" }),
);

const PIXELS = [1, 37, 101].map((factor) =>
  Uint8Array.from({ length: 28 * 28 }, (_, i) => i * factor % 256)
);
const TEXTS = ["the cat sat", "a dog ran on the mat", "", "house"];
const PROMPT = "ROMEO: What";
const SHORT = { maxTokens: 4, temperature: 0.8, seed: 3 };

/** Instances by engine, behind promises where a test asks for it. */
async function open(
  file: Uint8Array,
  engine: SyncEngineName | "asynchronous" | "asynchronous reference",
  symbols: Record<string, number>,
): Promise<AsyncOnly | Awaited<ReturnType<typeof load>>> {
  if (engine === "asynchronous") return new AsyncOnly(await load(file, { symbols }));
  if (engine === "asynchronous reference") {
    return new AsyncOnly(await load(file, { symbols, engine: "reference" }));
  }
  return await load(file, { symbols, engine });
}

type Engine = Parameters<typeof open>[1];

const images = async (engine: Engine) =>
  new ImageClassifier(await open(IMAGES, engine, { max_batch: 2 }));
const encoder = async (engine: Engine) =>
  new EmbeddingModel(await open(ENCODER, engine, { max_tokens: 16, max_sequences: 2 }));
const language = async (engine: Engine, sessions = 1, chunk = 64) => {
  const symbols = { max_tokens: chunk, max_rows: 8, sessions };
  return new TextGenerator(await open(LANGUAGE, engine, symbols));
};

async function textOf(session: TextSession, prompt?: string, options = {}): Promise<string> {
  const pieces = await Array.fromAsync(session.generate(prompt, { ...SHORT, ...options }));
  return pieces.map(({ text }) => text).join("");
}

/** What a pipeline gives, of every method that reads from the network. */
const RESULTS: Readonly<Record<string, (engine: Engine) => Promise<unknown>>> = {
  "ImageClassifier": async (engine) => {
    using model = await images(engine);
    return await model.logits(PIXELS);
  },
  "EmbeddingModel": async (engine) => {
    using model = await encoder(engine);
    return await model.embed(TEXTS);
  },
  "TextGenerator": async (engine) => {
    using lm = await language(engine, 2);
    using session = lm.session();
    const texts = [await textOf(session, PROMPT)];
    const saved = await session.save();
    using fork = await session.fork();
    texts.push(await textOf(fork), await textOf(session, "\nJULIET:"));
    fork.restore(saved);
    texts.push(await textOf(fork));
    session.reset();
    texts.push(await textOf(session, PROMPT));
    return { texts, saved, end: await session.save() };
  },
  "TextGenerator.logits and perplexity": async (engine) => {
    using lm = await language(engine, 1, 8);
    const options = { window: 10, state: "carry" } as const;
    return [
      await lm.logits([5, 6, 7, 8, 9, 10, 11, 12, 13, 14]),
      await lm.perplexity(PROMPT.repeat(3), options),
    ];
  },
};

for (const [name, resultOf] of Object.entries(RESULTS)) {
  Deno.test(`${name}: the same bits as with wasm where everything is a promise`, async () => {
    const expected = await resultOf("wasm");
    assert.deepEqual(await resultOf("asynchronous"), expected);
    assert.deepEqual(await resultOf("asynchronous reference"), expected);
  });
}

/** Work on a model of its own, and work after it. */
function on<M extends Disposable>(
  make: () => Promise<M>,
  run: (model: M, signal: AbortSignal) => Promise<unknown>,
): () => Promise<Interruptible> {
  return async () => {
    const model = await make();
    const end = (): void => model[Symbol.dispose]();
    const after = () => run(model, new AbortController().signal);
    return { run: (signal) => run(model, signal), after, dispose: end, end };
  };
}

const WORKS: Readonly<Record<string, () => Promise<Interruptible>>> = {
  "ImageClassifier": on(
    () => images("asynchronous"),
    (model, signal) => model.logits(PIXELS, { signal }),
  ),
  "EmbeddingModel": on(
    () => encoder("asynchronous reference"),
    (model, signal) => model.embed(TEXTS, { signal }),
  ),
  "TextGenerator": on(
    () => language("asynchronous"),
    (lm, signal) => lm.complete(PROMPT, { ...SHORT, signal }),
  ),
  "TextGenerator, a prompt in chunks": on(
    () => language("asynchronous", 1, 2),
    (lm, signal) => lm.complete(PROMPT, { ...SHORT, maxTokens: 1, signal }),
  ),
};

let unhandled = 0;
globalThis.addEventListener("unhandledrejection", () => unhandled++);

for (const [name, make] of Object.entries(WORKS)) {
  for (const how of ["abort", "dispose"] as const) {
    Deno.test(`${name}: ${how} in the middle of what is asked for`, async () => {
      const count = await interruptEverywhere(make, how);
      assert.ok(count > 9, `${count} interruptions`);
      assert.equal(unhandled, 0);
    });
  }
}

Deno.test("an answer that is aborted between two promises can be gone on with", async () => {
  using lm = await language("asynchronous", 2);
  using whole = lm.session();
  const expected = await textOf(whole, PROMPT, { maxTokens: 8 });
  let interrupted = 0;
  for (let turns = 1; turns < 20; turns++) {
    using session = lm.session();
    const controller = new AbortController();
    const pieces: string[] = [];
    let written = 0;
    const read = async (prompt?: string, signal?: AbortSignal): Promise<void> => {
      const options = { temperature: SHORT.temperature, maxTokens: 8 - written };
      const seeded = prompt === undefined ? options : { ...options, seed: SHORT.seed };
      for await (
        const { text, ids } of session.generate(prompt, { ...seeded, ...signal && { signal } })
      ) {
        pieces.push(text);
        written += ids.length;
      }
    };
    const reading = read(PROMPT, controller.signal).catch((error) => error);
    for (let i = 0; i < turns; i++) await nextTurn();
    controller.abort(new Error("stop"));
    const error = await reading;
    if (error !== undefined) {
      assert.equal(error.message, "stop");
      interrupted++;
      await read(written === 0 ? PROMPT : undefined);
    }
    assert.equal(pieces.join(""), expected, `after ${turns} turns`);
    assert.deepEqual(await session.save(), await whole.save());
  }
  assert.ok(interrupted > 3, `${interrupted} interruptions`);
});

Deno.test("a prompt that is aborted between two chunks is taken back", async () => {
  using lm = await language("asynchronous", 2, 2);
  using whole = lm.session();
  const first = await textOf(whole, PROMPT);
  const second = await textOf(whole, "\nJULIET:");
  let interrupted = 0;
  for (let turns = 0; turns < 12; turns++) {
    using session = lm.session();
    assert.equal(await textOf(session, PROMPT), first);
    const before = await session.save();
    const controller = new AbortController();
    const reading = session.append("KING HENRY: my name", { signal: controller.signal })
      .catch((error) => error.message);
    for (let i = 0; i < turns; i++) await nextTurn();
    controller.abort(new Error("stop"));
    if (await reading !== "stop") continue;
    interrupted++;
    assert.deepEqual(await session.save(), before, `after ${turns} turns`);
    assert.equal(await textOf(session, "\nJULIET:"), second, `after ${turns} turns`);
  }
  assert.ok(interrupted > 3, `${interrupted} interruptions`);
});

Deno.test("a session that is disposed while a promise is open leaves its slot alone", async () => {
  using alone = await language("wasm");
  using session = alone.session();
  const first = await textOf(session, PROMPT);
  const second = await textOf(session, "\nJULIET:");
  let disposed = 0;
  for (let turns = 0; turns < 16; turns++) {
    using lm = await language("asynchronous");
    const old = lm.session();
    const reading = textOf(old, "KING HENRY: my name is").catch((error) => error.code);
    for (let i = 0; i < turns; i++) await nextTurn();
    old[Symbol.dispose]();
    using next = lm.session();
    assert.equal(await textOf(next, PROMPT), first, `${turns} turns`);
    if (await reading === "disposed") disposed++;
    assert.equal(await textOf(next, "\nJULIET:"), second, `${turns} turns`);
  }
  assert.ok(disposed > 3, `${disposed} disposed`);
});

Deno.test("what is saved is the session at the call, however late it comes", async () => {
  using lm = await language("asynchronous", 3);
  using session = lm.session();
  const answer = session.generate(PROMPT, { ...SHORT, maxTokens: 12 });
  const pieces = [(await answer.next()).value!];
  const saving = session.save();
  const forking = session.fork();
  for await (const piece of answer) pieces.push(piece);
  const text = pieces.map((piece) => piece.text).join("");
  const left = 12 - pieces[0].ids.length;
  using restored = lm.session(await saving);
  using fork = await forking;
  for (const other of [restored, fork]) {
    const rest = await textOf(other, undefined, { maxTokens: left, seed: undefined });
    assert.equal(pieces[0].text + rest, text);
    assert.deepEqual(await other.save(), await session.save());
  }
});

Deno.test("a session that waits for its network is not saved", async () => {
  using lm = await language("asynchronous");
  using session = lm.session();
  const reading = session.append(PROMPT);
  await assert.rejects(session.save(), { code: "invalid_argument", message: /it is reading/ });
  await reading;
  assert.ok((await session.save()).length > 0);
});

Deno.test("several computations at once give what each gives alone", async () => {
  using lm = await language("asynchronous", 4);
  using classifier = await images("asynchronous");
  using embedder = await encoder("asynchronous");
  const prompts = ["ROMEO:", "JULIET: I", "KING", "First Citizen:\nWe"];
  const alone: string[] = [];
  for (const prompt of prompts) alone.push(await lm.complete(prompt, SHORT));
  assert.deepEqual(
    await Promise.all(prompts.map((prompt) => lm.complete(prompt, SHORT))),
    alone,
  );
  const logits = await classifier.logits(PIXELS);
  const rows = await embedder.embed(TEXTS);
  for (let i = 0; i < 4; i++) {
    const both = await Promise.all([
      classifier.logits(PIXELS),
      classifier.logits(PIXELS.slice(0, 1)),
      embedder.embed(TEXTS),
      embedder.embed(TEXTS[i]),
    ]);
    assert.deepEqual(both, [logits, logits.slice(0, 1), rows, {
      rows: [rows.rows[i]],
      tokens: [rows.tokens[i]],
      truncated: [false],
    }]);
  }
});

Deno.test("a pipeline takes no other program, and leaves the instance to the caller", async () => {
  using classifier = await open(IMAGES, "asynchronous", {});
  using language = await open(LANGUAGE, "asynchronous", {});
  const wrong = [
    () => new ImageClassifier(language),
    () => new TextGenerator(classifier),
    () => new EmbeddingModel(classifier),
    () => new EmbeddingModel(language),
  ];
  for (const make of wrong) assert.throws(make, { code: "unsupported" });
  const { logits } = await classifier.run({ pixels: PIXELS[0] });
  assert.equal(logits.data.length, 10);
});
