import assert from "node:assert/strict";
import { FewbitError } from "../../src/errors.ts";
import { TextGenerator } from "../../src/pipelines/text/text_generator.ts";
import type { TextPiece } from "../../src/pipelines/text/text_piece.ts";
import type { GenerateOptions } from "../../src/pipelines/text/text_session.ts";

const ENGINES = ["wasm-simd", "wasm-relaxed"] as const;
const PROMPT = "KING RICHARD III:\nMy ";

async function idsOf(pieces: AsyncIterable<TextPiece>): Promise<number[]> {
  return (await Array.fromAsync(pieces)).flatMap(({ ids }) => ids);
}

function code(expected: string): (error: unknown) => boolean {
  return (error) => error instanceof FewbitError && error.code === expected;
}

Deno.test("the same seed writes the same text on every engine", async () => {
  const texts: string[] = [];
  for (const engine of ENGINES) {
    using lm = await TextGenerator.fromPretrained(undefined, { engine });
    assert.equal(lm.engine, engine);
    texts.push(await lm.complete(PROMPT, { seed: 5, maxTokens: 60, temperature: 0.9, topP: 0.95 }));
    assert.notEqual(await lm.complete(PROMPT, { seed: 6, maxTokens: 60 }), texts[0]);
  }
  using reference = await TextGenerator.fromPretrained(undefined, { engine: "reference" });
  const short = { seed: 5, maxTokens: 4, temperature: 0.9, topP: 0.95 };
  assert.equal(texts[0], texts[1]);
  assert.ok(texts[0].startsWith(await reference.complete(PROMPT, short)));
});

Deno.test("pieces join to the decoded ids, and the last one says why it ended", async () => {
  using lm = await TextGenerator.fromPretrained();
  const pieces = await Array.fromAsync(lm.generate(PROMPT, { seed: 2, maxTokens: 80 }));
  const ids = pieces.flatMap((piece) => piece.ids);
  assert.equal(ids.length, 80);
  assert.equal(pieces.map(({ text }) => text).join(""), lm.tokenizer.decode(ids));
  const last = pieces.pop()!;
  assert.equal(last.finishReason, "length");
  assert.equal(last.usage?.completionTokens, 80);
  assert.equal(last.usage?.promptTokens, lm.tokenizer.encode(PROMPT).ids.length);
  assert.ok(pieces.every((piece) => piece.finishReason === undefined && piece.text !== ""));
});

Deno.test("a stop string ends the text and is no part of it, across tokens", async () => {
  using lm = await TextGenerator.fromPretrained();
  const all = await lm.complete(PROMPT, { temperature: 0, maxTokens: 60 });
  const at = all.indexOf("\n\n");
  assert.ok(at > 0);
  const pieces = await Array.fromAsync(
    lm.generate(PROMPT, { temperature: 0, maxTokens: 60, stop: ["\n\n", "never there"] }),
  );
  assert.equal(pieces.map(({ text }) => text).join(""), all.slice(0, at));
  assert.equal(pieces.at(-1)?.finishReason, "stop");
  const half = all.slice(at - 3, at + 1);
  assert.equal(
    await lm.complete(PROMPT, { temperature: 0, maxTokens: 60, stop: half }),
    all.slice(0, all.indexOf(half)),
  );
});

Deno.test("log probabilities are those of the logits", async () => {
  using lm = await TextGenerator.fromPretrained();
  const ids = [...lm.tokenizer.encode(PROMPT).ids];
  const [piece] = await Array.fromAsync(
    lm.generate(ids, { temperature: 0, maxTokens: 1, logprobs: 3 }),
  );
  const { data, shape } = await lm.logits(ids);
  const row = Array.from(data as Float32Array).slice(-shape[1]);
  const total = Math.log(row.reduce((sum, logit) => sum + Math.exp(logit), 0));
  const best = row.map((logit, id) => ({ id, logprob: logit - total }))
    .sort((a, b) => b.logprob - a.logprob).slice(0, 3);
  assert.equal(piece.tokens?.[0].id, best[0].id);
  piece.tokens![0].top!.forEach(({ id, logprob }, i) => {
    assert.equal(id, best[i].id);
    assert.ok(Math.abs(logprob - best[i].logprob) < 1e-5);
  });
});

Deno.test("a session that is saved, restored or forked goes on as it would have", async () => {
  const options: GenerateOptions = { seed: 11, temperature: 1.1, repetitionPenalty: 1.2 };
  using lm = await TextGenerator.fromPretrained(undefined, { sessions: 3 });
  using whole = lm.session();
  const expected = await idsOf(whole.generate(PROMPT, { ...options, maxTokens: 60 }));

  using session = lm.session();
  const begun = await idsOf(session.generate(PROMPT, { ...options, maxTokens: 25 }));
  const saved = await session.save();
  const { seed: _, ...again } = options;
  {
    using fork = await session.fork();
    const rest = await idsOf(fork.generate(undefined, { ...again, maxTokens: 35 }));
    assert.deepEqual([...begun, ...rest], expected);
    assert.throws(() => lm.session(), code("limit_exceeded"));
    assert.equal(fork.length, whole.length);
  }
  using other = await TextGenerator.fromPretrained(undefined, { engine: "wasm-simd" });
  using restored = other.session(saved);
  const rest = await idsOf(restored.generate(undefined, { ...again, maxTokens: 35 }));
  assert.deepEqual([...begun, ...rest], expected);
  assert.deepEqual(await restored.save(), await whole.save());
});

Deno.test("a session that is left between two pieces goes on from there", async () => {
  const options = { seed: 3, stop: "\n\nKING" };
  using lm = await TextGenerator.fromPretrained(undefined, { sessions: 3 });
  using whole = lm.session();
  let expected = "";
  for await (const { text } of whole.generate(PROMPT, { ...options, maxTokens: 50 })) {
    expected += text;
  }
  using session = lm.session();
  let [text, written] = ["", 0];
  for await (const piece of session.generate(PROMPT, { ...options, maxTokens: 50 })) {
    text += piece.text;
    written += piece.ids.length;
    if (written >= 20) break;
  }
  using fork = await session.fork();
  for await (
    const piece of fork.generate(undefined, { stop: options.stop, maxTokens: 50 - written })
  ) text += piece.text;
  assert.equal(text, expected);
});

Deno.test("a saved session is small whatever its length", async () => {
  using lm = await TextGenerator.fromPretrained();
  using session = lm.session();
  await session.append("To be, or not to be");
  const sizes = [(await session.save()).length];
  await idsOf(session.generate("\n\n", { maxTokens: 500, seed: 1 }));
  sizes.push((await session.save()).length);
  // 5 layers of 192 channels.
  const state = 5 * 192 * 4;
  for (const size of sizes) assert.ok(size < state + 1024, `${size} bytes`);
});

Deno.test("damaged and foreign sessions are refused and change nothing", async () => {
  using lm = await TextGenerator.fromPretrained(undefined, { sessions: 2 });
  using session = lm.session();
  await session.append(PROMPT);
  const saved = await session.save();
  for (let at = 0; at < saved.length; at += 7) {
    const damaged = saved.slice();
    damaged[at] ^= 1 << at % 8;
    assert.throws(() => lm.session(damaged), code("invalid_file"));
  }
  for (const length of [0, 4, 11, 12, 200, saved.length - 1]) {
    assert.throws(() => lm.session(saved.subarray(0, length)), code("invalid_file"));
  }
  assert.deepEqual(await session.save(), saved);
  // A failed session has given its place back.
  using _other = lm.session(saved);
});

Deno.test("an abort ends an answer with its reason and leaves the session usable", async () => {
  using lm = await TextGenerator.fromPretrained();
  using session = lm.session();
  const controller = new AbortController();
  const reason = new Error("enough");
  await assert.rejects(async () => {
    for await (
      const _ of session.generate(PROMPT, { signal: controller.signal, maxTokens: 1e6, seed: 1 })
    ) controller.abort(reason);
  }, reason);
  assert.ok((await idsOf(session.generate(undefined, { maxTokens: 3 }))).length === 3);
  await assert.rejects(
    () => idsOf(lm.generate(PROMPT, { signal: AbortSignal.abort(reason) })),
    code("limit_exceeded"),
  );
});

Deno.test("what cannot be generated is a typed error", async () => {
  using lm = await TextGenerator.fromPretrained();
  const bad = (prompt: string | number[] | undefined, options: GenerateOptions = {}) =>
    assert.rejects(() => idsOf(lm.generate(prompt as string, options)), code("invalid_argument"));
  await bad("");
  await bad([]);
  await bad([-1]);
  await bad([1024]);
  await bad([1.5]);
  await bad("a", { maxTokens: 0 });
  await bad("a", { temperature: -1 });
  await bad("a", { topP: 0 });
  await bad("a", { seed: -1 });
  await bad("a", { stop: "" });
  await assert.rejects(() => lm.complete([{ role: "user", content: "Hi" }]), FewbitError);
  await assert.rejects(() => lm.perplexity("a"), code("invalid_argument"));
  // No failure has kept its session.
  assert.ok((await lm.complete("a", { maxTokens: 1 })).length >= 0);
  const classifier = new URL("../../models/vit-fashion-mnist.fewbit", import.meta.url);
  await assert.rejects(() => TextGenerator.fromPretrained(classifier), FewbitError);
});

Deno.test("what is no list of ids is refused, by logits as by generate", async () => {
  using lm = await TextGenerator.fromPretrained();
  const bad = [[0.5], [2 ** 32], ["1"], [NaN], [-1], [1024], null, {}, { length: -1 }, {
    length: NaN,
  }] as unknown as number[][];
  for (const ids of bad) {
    await assert.rejects(lm.logits(ids), code("invalid_argument"), JSON.stringify(ids));
    if (ids === null) continue;
    await assert.rejects(Array.fromAsync(lm.generate(ids)), code("invalid_argument"));
  }
  for (const ids of [new Int32Array(2 ** 24), { length: 2 ** 40 }]) {
    await assert.rejects(lm.logits(ids), code("limit_exceeded"));
  }
  await assert.rejects(
    Array.fromAsync(lm.generate({ length: 2 ** 40 })),
    code("limit_exceeded"),
  );
});

Deno.test("a session that has read all of its text asks for more", async () => {
  using lm = await TextGenerator.fromPretrained();
  using session = lm.session();
  await session.append(PROMPT);
  await assert.rejects(Array.fromAsync(session.generate()), /all of the conversation was read/);
  assert.equal((await Array.fromAsync(session.generate(" a", { maxTokens: 1 }))).length, 1);
});

Deno.test("a session that is disposed or generating refuses other work", async () => {
  using lm = await TextGenerator.fromPretrained();
  const session = lm.session();
  const answer = session.generate(PROMPT, { seed: 1 });
  await answer.next();
  await assert.rejects(() => session.append("x"), code("invalid_argument"));
  assert.throws(() => session.reset(), code("invalid_argument"));
  await answer.return();
  session.reset();
  assert.equal(session.length, 0);
  session[Symbol.dispose]();
  await assert.rejects(session.save(), code("disposed"));
  using _another = lm.session();
});

Deno.test("perplexity windows are independent, or carry their state", async () => {
  using lm = await TextGenerator.fromPretrained();
  const text = await lm.complete(PROMPT, { seed: 9, maxTokens: 300 });
  const ids = lm.tokenizer.encode(text).ids;
  const { data, shape } = await lm.logits(ids);
  const loss = (first: number, count: number): number => {
    let sum = 0;
    for (let i = first; i < first + count; i++) {
      const row = (data as Float32Array).subarray(i * shape[1], (i + 1) * shape[1]);
      const total = row.reduce((all, logit) => all + Math.exp(logit), 0);
      sum += Math.log(total) - row[ids[i + 1]];
    }
    return sum / count;
  };
  const windows = Math.floor((ids.length - 1) / 100);
  const carried = await lm.perplexity(text, { window: 100, state: "carry" });
  assert.equal(carried.windows, windows);
  assert.ok(Math.abs(carried.loss - loss(0, windows * 100)) < 1e-5);
  const first = await lm.perplexity(text.slice(0, 40), { window: 10_000 });
  assert.equal(first.windows, 1);
  const zero = await lm.perplexity(text, { window: 100 });
  assert.notEqual(zero.loss, carried.loss);
  assert.ok(Math.abs(zero.perplexity - Math.exp(zero.loss)) < 1e-9);
});
