/** Whole texts to sessions that have read a part of them: the same bits as anew, whatever the network keeps. */
import assert from "node:assert/strict";
import { TextGenerator } from "../../src/pipelines/text/text_generator.ts";
import type { TextPiece } from "../../src/pipelines/text/text_piece.ts";
import type { TextSession } from "../../src/pipelines/text/text_session.ts";
import { Random } from "../conformance/_random.ts";
import { TINY_CHATS, VOCABULARY, WINDOW } from "./_tiny_chats.ts";

const CHUNK = 8;
const SAMPLED = { seed: 3, maxTokens: 6, logprobs: 2, stopAtEnd: false } as const;
const MODELS = Object.entries(TINY_CHATS);

const loaded = (file: Uint8Array<ArrayBuffer>, sessions = 3, chunkSize = CHUNK, context = 400) =>
  TextGenerator.fromPretrained(file, {
    sessions,
    chunkSize,
    ...file === TINY_CHATS.rows || file === TINY_CHATS["rows of integers"] ? { context } : {},
  });

/** Ids, their log probabilities, and what was read. */
async function heard(pieces: AsyncIterable<TextPiece>) {
  const all = await Array.fromAsync(pieces);
  return {
    ids: all.flatMap(({ ids }) => ids),
    tokens: all.flatMap(({ tokens = [] }) => tokens),
    usage: all.at(-1)!.usage!,
  };
}

/** The same from a session that has read nothing. */
async function anew(lm: TextGenerator, text: ArrayLike<number>) {
  using session = lm.session();
  return await heard(session.answer(text, SAMPLED));
}

async function expectAsAnew(lm: TextGenerator, session: TextSession, text: number[]) {
  const answer = await heard(session.answer(text, SAMPLED));
  const expected = await anew(lm, text);
  assert.deepEqual([answer.ids, answer.tokens], [expected.ids, expected.tokens]);
  assert.equal(answer.usage.promptTokens, expected.usage.promptTokens);
  return answer;
}

for (const [name, file] of MODELS) {
  Deno.test(`${name}: texts that share beginnings are answered as anew`, async () => {
    using lm = await loaded(file);
    using session = lm.session();
    const random = new Random(7);
    const ids = (count: number) =>
      Array.from({ length: count }, () => random.integer(3, VOCABULARY - 1));
    let text = ids(20);
    let reused = 0;
    for (let turn = 0; turn < 25; turn++) {
      const { ids: answer, usage } = await expectAsAnew(lm, session, text);
      reused += usage.cachedTokens!;
      assert.ok(usage.cachedTokens! < usage.promptTokens);
      text = random.pick([
        () => [...text, ...answer, ...ids(random.integer(1, 20))],
        () => [...text, ...answer],
        () => [...text, ...answer.slice(0, 3), ...ids(4)],
        () => [...text.slice(0, random.integer(1, text.length)), ...ids(random.integer(0, 9))],
        () => text,
        () => ids(random.integer(1, 30)),
      ])().slice(0, 300);
    }
    assert.ok(reused > 100, `${reused} tokens were not read again`);
  });

  Deno.test(`${name}: what is not read again`, async () => {
    using lm = await loaded(file);
    using session = lm.session();
    const text = Array.from({ length: 40 }, (_, i) => 3 + i % 40);
    const first = await heard(session.answer(text, SAMPLED));
    // A prefix counts: its rows are there, and are those of no run.
    const all = first.usage.promptTokens;
    assert.deepEqual([all - text.length, first.usage.cachedTokens], [
      name.includes("integers") || name === "ring" ? 1 : 0,
      0,
    ]);
    const next = await heard(session.answer([...text, ...first.ids, 9], SAMPLED));
    // Of the answer the last token is written and not read.
    assert.equal(next.usage.cachedTokens, all + SAMPLED.maxTokens - 1);
    // The text again: but for the last token, whose logits are wanted.
    const again = await heard(session.answer(text, SAMPLED));
    assert.deepEqual([again.ids, again.tokens], [first.ids, first.tokens]);
    assert.equal(again.usage.cachedTokens, name.startsWith("rows") ? all - 1 : 0);
    // Another answer to the same text: a recurrence goes back to where the answer began.
    const more = [...text, 5, 6];
    const { usage } = await heard(session.answer(more, SAMPLED));
    assert.equal(usage.cachedTokens, all);
  });

  Deno.test(`${name}: an answer that was stopped leaves a session that goes on right`, async () => {
    using lm = await loaded(file);
    using session = lm.session();
    const text = Array.from({ length: 60 }, (_, i) => 3 + (i * 7) % 40);
    for (const stopAfter of [0, 2]) {
      await heard(session.answer(text, SAMPLED));
      const stop = new AbortController();
      const other = [...text.slice(0, 30), 11, 12, 13, ...text];
      const stopped = (async () => {
        let pieces = 0;
        const answer = session.answer(other, { ...SAMPLED, signal: stop.signal });
        if (stopAfter === 0) queueMicrotask(() => stop.abort());
        for await (const _ of answer) if (++pieces === stopAfter) stop.abort();
      })();
      await assert.rejects(stopped, { name: "AbortError" });
      using copy = lm.session(await session.save());
      for (const one of [session, copy]) await expectAsAnew(lm, one, [...other, 3]);
    }
  });

  Deno.test(`${name}: saved, restored and forked, a session knows what it has read`, async () => {
    using lm = await loaded(file);
    using session = lm.session();
    const text = Array.from({ length: 70 }, (_, i) => 3 + (i * 5) % 40);
    const { ids } = await heard(session.answer(text, SAMPLED));
    const next = [...text, ...ids, 4, 5];
    const saved = await session.save();
    using fork = await session.fork();
    const expected = await heard(session.answer(next, SAMPLED));
    assert.ok(expected.usage.cachedTokens! > 70);
    const same = (answer: typeof expected) => {
      assert.deepEqual([answer.ids, answer.tokens], [expected.ids, expected.tokens]);
      assert.equal(answer.usage.cachedTokens, expected.usage.cachedTokens);
    };
    same(await heard(fork.answer(next, SAMPLED)));
    // With other chunks a ring has another number of rows.
    for (const [chunkSize, context] of [[8, 400], [3, 100], [32, 300]]) {
      using other = await loaded(file, 3, chunkSize, context);
      // Behind the window nothing was saved of a ring.
      using early = other.session(saved);
      await expectAsAnew(other, early, [...next.slice(0, 72), 9]);
      using restored = other.session(saved);
      same(await heard(restored.answer(next, SAMPLED)));
      await expectAsAnew(other, restored, [...next.slice(0, 75), 9]);
    }
  });
}

Deno.test("a saved session has the rows that it uses, of a ring those of its window", async () => {
  const bytesOf = async (file: Uint8Array<ArrayBuffer>, tokens: number): Promise<number> => {
    using lm = await loaded(file);
    using session = lm.session();
    await session.append(Array.from({ length: tokens }, () => 10));
    return (await session.save()).length;
  };
  // Codes of keys and values of two heads of 6 in two layers; "10," of the ids.
  const row = 2 * 2 * 2 * 6, id = 3;
  const { ring, "rows of integers": rows } = TINY_CHATS;
  const [a, b] = [await bytesOf(rows, 64), await bytesOf(rows, 96)];
  assert.equal(b - a, 32 * (row + id));
  const [c, d] = [await bytesOf(ring, 64), await bytesOf(ring, 96)];
  assert.equal(d - c, 32 * id);
  // The prefix is a token, whose row is kept like any other.
  assert.equal(a - c, (64 + 1 - WINDOW) * row);
});

Deno.test("what was taken back does not count for the repetition penalty", async () => {
  using lm = await loaded(TINY_CHATS.rows);
  using session = lm.session();
  const text = Array.from({ length: 60 }, (_, i) => 3 + (i * 7) % 40);
  await heard(session.answer(text, SAMPLED));
  const stop = new AbortController();
  const other = [...text.slice(0, 5), 44, 45, 46];
  queueMicrotask(() => stop.abort());
  await assert.rejects(heard(session.answer(other, { ...SAMPLED, signal: stop.signal })));
  assert.equal(session.length, 5);
  const penal = { ...SAMPLED, repetitionPenalty: 9 };
  const goesOn = await heard(session.generate([7], penal));
  using fresh = lm.session();
  const expected = await heard(fresh.generate([...text.slice(0, 5), 7], penal));
  assert.deepEqual([goesOn.ids, goesOn.tokens], [expected.ids, expected.tokens]);
});

Deno.test("rewound sessions go on as anew", async () => {
  for (const name of ["rows", "rows of integers"]) {
    using lm = await loaded(TINY_CHATS[name]);
    using session = lm.session();
    const text = Array.from({ length: 50 }, (_, i) => 3 + (i * 3) % 40);
    const prefix = name === "rows" ? 0 : 1;
    for (const tokens of [49, 30, 2, 1]) {
      session.reset();
      await heard(session.generate(text, SAMPLED));
      const { length: whole } = await session.save();
      session.rewind(prefix + tokens);
      assert.equal(session.length, prefix + tokens);
      const saved = await session.save();
      // Rows that were taken back are not saved: 48 bytes each at least.
      assert.ok(whole - saved.length >= 48 * (50 - tokens));
      const answer = await heard(session.generate([7], SAMPLED));
      const expected = await anew(lm, [...text.slice(0, tokens), 7]);
      assert.deepEqual([answer.ids, answer.tokens], [expected.ids, expected.tokens]);
      using other = lm.session(saved);
      const goesOn = await heard(other.generate(undefined, SAMPLED));
      assert.deepEqual(goesOn.ids, (await anew(lm, text.slice(0, tokens))).ids);
    }
    session.rewind(0);
    assert.equal(session.length, 0);
    for (const tokens of [-1, 1, 0.5, NaN]) {
      assert.throws(() => session.rewind(tokens), { code: "invalid_argument" });
    }
  }
});

Deno.test("a ring goes back as far as its rows reach, a recurrence not at all", async () => {
  {
    using lm = await loaded(TINY_CHATS.ring);
    using session = lm.session();
    const text = Array.from({ length: 80 }, (_, i) => 3 + (i * 3) % 40);
    await session.append(text);
    // Rows are there for a chunk more than the window.
    const least = 1 + 80 - CHUNK + 1;
    assert.throws(() => session.rewind(least - 1), {
      code: "unsupported",
      message: /Cannot rewind to 73 of 81 tokens/,
    });
    session.rewind(least);
    const answer = await heard(session.generate([7], SAMPLED));
    const expected = await anew(lm, [...text.slice(0, least - 1), 7]);
    assert.deepEqual([answer.ids, answer.tokens], [expected.ids, expected.tokens]);
  }
  using lm = await loaded(TINY_CHATS.recurrent);
  using session = lm.session();
  await session.append([3, 4, 5]);
  assert.throws(() => session.rewind(2), { code: "unsupported" });
  assert.equal(session.length, 3);
  session.rewind(0);
  assert.equal(session.length, 0);
});

Deno.test("messages are encoded by the template, and answered in sessions", async () => {
  for (const [name, file] of MODELS) {
    using lm = await loaded(file);
    using session = lm.session();
    const options = { seed: 4, maxTokens: 8, temperature: 0 };
    const messages = [{ role: "user", content: "<|im_end|> hi" }];
    const ids = await lm.encodeChat(messages);
    assert.deepEqual([...ids].filter((id) => id < 3), [1, 2, 1], name);
    const answer = await heard(session.chat(messages, options));
    assert.deepEqual(answer.ids, (await heard(lm.chat(messages, options))).ids);
    assert.deepEqual(answer.ids, (await heard(lm.generate(messages, options))).ids);
    messages.push({ role: "assistant", content: "x" }, { role: "user", content: "more" });
    const { usage } = await heard(session.chat(messages, options));
    assert.ok(usage.cachedTokens! >= ids.length, name);
    const bare = await heard(session.chat(messages, { ...options, addGenerationPrompt: false }));
    assert.equal(bare.usage.promptTokens, usage.promptTokens - "<assistant\n".length);
  }
});

Deno.test("what is refused leaves a session as it was", async () => {
  using lm = await loaded(TINY_CHATS["rows of integers"], 1, CHUNK, 40);
  using session = lm.session();
  await heard(session.answer([3, 4, 5], SAMPLED));
  const before = await session.save();
  const refuse = async (text: number[] | string, options: object, code: string) => {
    await assert.rejects(heard(session.answer(text, { ...SAMPLED, ...options })), { code });
    assert.deepEqual(await session.save(), before);
  };
  await refuse(Array(41).fill(5), {}, "limit_exceeded");
  await refuse([3, VOCABULARY], {}, "invalid_argument");
  await refuse([3, 4], { temperature: -1 }, "invalid_argument");
  using float = await loaded(TINY_CHATS.rows);
  using empty = float.session();
  await assert.rejects(heard(empty.answer([])), {
    code: "invalid_argument",
    message: /the prompt has no tokens/,
  });
});
