/** Generating with a network that has attention: a context that ends, sessions that grow. */
import assert from "node:assert/strict";
import { load } from "../../src/engines/load.ts";
import { TextGenerator } from "../../src/pipelines/text/text_generator.ts";
import { compileLlama, configOf, weightsOf } from "../models/_llama.ts";

const SIZES = {
  vocabulary: 31,
  depth: 2,
  heads: 4,
  kvHeads: 2,
  headSize: 4,
  hidden: 12,
  tied: false,
  context: 24,
} as const;
const FILE = await compileLlama(weightsOf(SIZES, 3), {
  ...configOf(SIZES),
  bos_token_id: undefined,
  eos_token_id: undefined,
});
const PROMPT = [3, 1, 4, 1, 5, 9];
const GREEDY = { temperature: 0, stopAtEnd: false } as const;

const idsOf = async (
  pieces: AsyncIterable<{ ids: readonly number[]; finishReason?: string }>,
): Promise<[ids: number[], reason: string | undefined]> => {
  const all = await Array.fromAsync(pieces);
  return [all.flatMap(({ ids }) => ids), all.at(-1)?.finishReason];
};

Deno.test("an answer ends where the context is full, and a prompt that does not fit is refused", async () => {
  using whole = await TextGenerator.fromPretrained(FILE);
  const [ids, reason] = await idsOf(whole.generate(PROMPT, GREEDY));
  // The last token is written and not read.
  assert.deepEqual([ids.length, reason], [24 - 6 + 1, "length"]);
  using lm = await TextGenerator.fromPretrained(FILE, { context: 10, sessions: 2 });
  assert.deepEqual(await idsOf(lm.generate(PROMPT, GREEDY)), [ids.slice(0, 5), "length"]);
  const few = await idsOf(lm.generate(PROMPT, { ...GREEDY, maxTokens: 2 }));
  assert.deepEqual(few, [ids.slice(0, 2), "length"]);
  const full = [...PROMPT, ...ids.slice(0, 4)];
  assert.deepEqual(await idsOf(lm.generate(full, GREEDY)), [ids.slice(4, 5), "length"]);
  await assert.rejects(idsOf(lm.generate([...full, 1], GREEDY)), {
    code: "limit_exceeded",
    message: /Cannot read 11 ids: the conversation has 0 tokens, and at most 10 in all/,
  });
  using session = lm.session();
  await idsOf(session.generate(PROMPT, GREEDY));
  await assert.rejects(idsOf(session.generate(undefined, GREEDY)), {
    code: "limit_exceeded",
    message: /Cannot read 1 ids: the conversation has 10 tokens/,
  });
});

Deno.test("a session is saved, restored and forked, and goes on with the same bits", async () => {
  for (const engine of ["reference", "wasm-simd", "wasm-relaxed"] as const) {
    const instance = await load(FILE, {
      engine,
      symbols: { sessions: 3, max_rows: 4, max_tokens: 4 },
    });
    using lm = new TextGenerator(instance);
    const [expected] = await idsOf(lm.generate(PROMPT, { ...GREEDY, maxTokens: 12 }));
    using session = lm.session();
    const [first] = await idsOf(session.generate(PROMPT, { ...GREEDY, maxTokens: 5 }));
    const saved = await session.save();
    using fork = await session.fork();
    const goOn = { ...GREEDY, maxTokens: 7 };
    const [rest] = await idsOf(session.generate(undefined, goOn));
    assert.deepEqual([...first, ...rest], expected);
    assert.deepEqual(await idsOf(fork.generate(undefined, goOn)), [rest, "length"]);
    session.restore(saved);
    assert.deepEqual(await idsOf(session.generate(undefined, goOn)), [rest, "length"]);
  }
});

Deno.test("an aborted read leaves a session as it was", async () => {
  using lm = await TextGenerator.fromPretrained(FILE, { sessions: 2, chunkSize: 2 });
  using session = lm.session();
  await session.append(PROMPT);
  const before = await session.save();
  const stop = new AbortController();
  const reading = session.append([7, 8, 9, 10, 11, 12], { signal: stop.signal });
  stop.abort();
  await assert.rejects(reading, { name: "AbortError" });
  assert.deepEqual(await session.save(), before);
  const [ids] = await idsOf(session.generate([2], { ...GREEDY, maxTokens: 4 }));
  const [alone] = await idsOf(lm.generate([...PROMPT, 2], { ...GREEDY, maxTokens: 4 }));
  assert.deepEqual(ids, alone);
});

Deno.test("logits of as many ids as fit the context, and of no more", async () => {
  using lm = await TextGenerator.fromPretrained(FILE);
  const { data, shape } = await lm.logits(PROMPT);
  assert.deepEqual(shape, [6, 31]);
  assert.ok(data.every((logit) => Number.isFinite(logit)));
  await assert.rejects(lm.logits(new Array(25).fill(1)), { code: "limit_exceeded" });
});
