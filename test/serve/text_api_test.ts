/** Completions and chats: the texts that the model writes alone, in the shape of OpenAI's API. */
import assert from "node:assert/strict";
import { TextGenerator } from "../../src/pipelines/text/text_generator.ts";
import { textServer } from "../../src/serve/text_api.ts";
import type { RequestRecord } from "../../src/serve/text_api.ts";
import { eventsOf, MODEL, post, serverOf, storiesModel } from "./_text_server.ts";

// deno-lint-ignore no-explicit-any -- answers as clients see them
type Json = any;

const lm = await storiesModel({ sessions: 3, parallel: 3, context: 128 });
const alone = await storiesModel({ context: 128 });
const { fetch } = serverOf(lm);
const PROMPT = "Once upon a time";
const CHAT = [{ role: "user", content: "Tell me a story" }];

async function complete(body: object): Promise<Json> {
  const response = await fetch(post("/v1/completions", body));
  assert.equal(response.status, 200, await response.clone().text());
  return await response.json();
}

async function chat(body: object): Promise<Json> {
  const response = await fetch(post("/v1/chat/completions", { messages: CHAT, ...body }));
  assert.equal(response.status, 200, await response.clone().text());
  return await response.json();
}

Deno.test("text api: a completion is what the model writes alone", async () => {
  const options = { seed: 7, temperature: 0.8, topP: 0.9, maxTokens: 24 };
  const expected = await alone.complete(PROMPT, options);
  const body = {
    prompt: PROMPT,
    model: MODEL,
    seed: 7,
    temperature: 0.8,
    top_p: 0.9,
    max_tokens: 24,
  };
  const answer = await complete(body);
  const { id, created, system_fingerprint, ...rest } = answer;
  assert.match(id, /^cmpl-/);
  assert.ok(Math.abs(created - Date.now() / 1000) < 10);
  assert.match(system_fingerprint, /^fp_[0-9a-f]{12}$/);
  const prompt_tokens = lm.tokenizer.encode(PROMPT).ids.length;
  assert.deepEqual(rest, {
    object: "text_completion",
    model: MODEL,
    choices: [{ index: 0, text: expected, logprobs: null, finish_reason: "length" }],
    usage: {
      prompt_tokens,
      completion_tokens: 24,
      total_tokens: prompt_tokens + 24,
      prompt_tokens_details: { cached_tokens: 0 },
    },
  });
  // Fields that are null are left out.
  const nulls = { stop: null, n: null, logprobs: null, stream: null, user: null, seed: 7 };
  assert.equal((await complete({ ...body, ...nulls })).choices[0].text, expected);
  const ids = Array.from(lm.tokenizer.encode(PROMPT).ids);
  const again = await complete({ ...body, prompt: ids });
  assert.equal(again.choices[0].text, expected);
  // All but what is read again for its logits, and a prefix, which is never read.
  assert.equal(again.usage.prompt_tokens_details.cached_tokens, ids.length - 2);
});

Deno.test("text api: several prompts and answers have their indices", async () => {
  const prompts = ["Lily", [1, 403, 407]];
  const { choices, usage } = await complete({ prompt: prompts, n: 2, seed: 3, max_tokens: 6 });
  const expected: string[] = [];
  for (const prompt of prompts) {
    for (const seed of [3, 4]) expected.push(await alone.complete(prompt, { seed, maxTokens: 6 }));
  }
  assert.deepEqual(choices.map(({ index, text }: Json) => [index, text]), [...expected.entries()]);
  assert.equal(usage.completion_tokens, 24);
  assert.equal(usage.prompt_tokens, lm.tokenizer.encode("Lily").ids.length + 3);
});

Deno.test("text api: a chat is what the model writes behind its template", async () => {
  const ids = await alone.encodeChat(CHAT);
  const expected = await alone.complete(ids, { seed: 1, maxTokens: 20 });
  const answer = await chat({ seed: 1, max_completion_tokens: 20 });
  assert.match(answer.id, /^chatcmpl-/);
  assert.equal(answer.object, "chat.completion");
  assert.deepEqual(answer.choices, [{
    index: 0,
    message: { role: "assistant", content: expected, refusal: null },
    logprobs: null,
    finish_reason: "length",
  }]);
  assert.equal(answer.usage.prompt_tokens, ids.length);
  // Parts of text are one text; what OpenAI calls developer is the system.
  const parts = [{ type: "text", text: "Tell me " }, { type: "text", text: "a story" }];
  const again = await chat({
    messages: [{ role: "user", content: parts }],
    seed: 1,
    max_tokens: 20,
  });
  assert.equal(again.choices[0].message.content, expected);
  const developer = [{ role: "developer", content: "Be brief" }, ...CHAT];
  const system = [{ role: "system", content: "Be brief" }, ...CHAT];
  const of = async (messages: object[]): Promise<string> =>
    (await chat({ messages, seed: 2, max_tokens: 9 })).choices[0].message.content;
  assert.equal(await of(developer), await of(system));
});

Deno.test("text api: a stream has the same text, piece by piece, and the usage if asked", async () => {
  const body = { prompt: PROMPT, seed: 5, max_tokens: 30, stream: true };
  const expected = (await complete({ ...body, stream: false })).choices[0].text;
  const events: Json[] = await eventsOf(await fetch(post("/v1/completions", body)));
  assert.ok(events.length > 5);
  assert.equal(events.map(({ choices }) => choices[0].text).join(""), expected);
  assert.equal(new Set(events.map(({ id }) => id)).size, 1);
  assert.ok(events.every((event) => !("usage" in event)));
  assert.deepEqual(events.map(({ choices }) => choices[0].finish_reason), [
    ...Array(events.length - 1).fill(null),
    "length",
  ]);
  const stream_options = { include_usage: true };
  const response = await fetch(
    post("/v1/chat/completions", {
      messages: CHAT,
      seed: 5,
      max_tokens: 9,
      stream: true,
      stream_options,
    }),
  );
  const chunks: Json[] = await eventsOf(response);
  const last = chunks.pop();
  assert.deepEqual(last.choices, []);
  assert.equal(last.usage.completion_tokens, 9);
  assert.ok(
    chunks.every(({ usage, object }) => usage === null && object === "chat.completion.chunk"),
  );
  const choices = chunks.map((chunk) => chunk.choices[0]);
  assert.deepEqual(choices[0].delta, { role: "assistant", content: "", refusal: null });
  assert.deepEqual(choices.at(-1), {
    index: 0,
    delta: {},
    logprobs: null,
    finish_reason: "length",
  });
  assert.equal(choices.filter(({ delta }) => "role" in delta).length, 1);
  const whole = await chat({ seed: 5, max_tokens: 9 });
  assert.equal(
    choices.map(({ delta }) => delta.content ?? "").join(""),
    whole.choices[0].message.content,
  );
});

Deno.test("text api: answers of one stream come beside one another", async () => {
  const body = { prompt: [PROMPT, "Lily"], n: 2, seed: 8, max_tokens: 12, stream: true };
  const whole = await complete({ ...body, stream: false });
  const events: Json[] = await eventsOf(await fetch(post("/v1/completions", body)));
  const texts = ["", "", "", ""];
  for (const { choices: [{ index, text }] } of events) texts[index] += text;
  assert.deepEqual(texts, whole.choices.map(({ text }: Json) => text));
  const order = events.map(({ choices }) => choices[0].index);
  assert.notDeepEqual(order, order.toSorted());
});

Deno.test("text api: a stop string across tokens ends the text", async () => {
  const all = (await complete({ prompt: PROMPT, temperature: 0, max_tokens: 40 })).choices[0].text;
  const stop = all.slice(21, 26);
  for (const given of [stop, ["never there", stop]]) {
    const body = { prompt: PROMPT, temperature: 0, max_tokens: 40, stop: given };
    const { choices: [choice] } = await complete(body);
    assert.equal(choice.text, all.slice(0, all.indexOf(stop)));
    assert.equal(choice.finish_reason, "stop");
    const events: Json[] = await eventsOf(
      await fetch(post("/v1/completions", { ...body, stream: true })),
    );
    assert.equal(events.map(({ choices }) => choices[0].text).join(""), choice.text);
  }
});

Deno.test("text api: log probabilities are the model's, in both shapes", async () => {
  const pieces = await Array.fromAsync(
    alone.generate(PROMPT, { temperature: 0, maxTokens: 8, logprobs: 3 }),
  );
  const expected = pieces.flatMap(({ tokens }) => tokens ?? []);
  const { choices: [choice] } = await complete({
    prompt: PROMPT,
    temperature: 0,
    max_tokens: 8,
    logprobs: 3,
  });
  const { tokens, token_logprobs, top_logprobs, text_offset } = choice.logprobs;
  assert.equal(tokens.join(""), choice.text);
  assert.deepEqual(token_logprobs, expected.map(({ logprob }) => logprob));
  assert.deepEqual(
    text_offset,
    tokens.map((_: string, i: number) => tokens.slice(0, i).join("").length),
  );
  top_logprobs.forEach((top: Json, i: number) => {
    assert.equal(Object.keys(top).length, 3);
    assert.equal(top[tokens[i]], token_logprobs[i]);
  });
  const { choices: [zero] } = await complete({ prompt: PROMPT, max_tokens: 3, logprobs: 0 });
  assert.equal(zero.logprobs.top_logprobs, null);
  assert.equal(zero.logprobs.tokens.length, 3);

  const body = { seed: 3, max_tokens: 8, logprobs: true, top_logprobs: 2 };
  const { choices: [message] } = await chat(body);
  const { content } = message.logprobs;
  assert.equal(content.map(({ token }: Json) => token).join(""), message.message.content);
  for (const { token, bytes, logprob, top_logprobs: top } of content) {
    assert.equal(new TextDecoder().decode(Uint8Array.from(bytes)), token);
    assert.ok(logprob <= 0 && top.length === 2 && top[0].logprob >= top[1].logprob);
  }
  const request = post("/v1/chat/completions", { messages: CHAT, ...body, stream: true });
  const chunks: Json[] = await eventsOf(await fetch(request));
  assert.deepEqual(chunks.flatMap(({ choices }) => choices[0].logprobs?.content ?? []), content);
  const { choices: [own] } = await chat({ ...body, top_logprobs: undefined });
  assert.ok(own.logprobs.content.every(({ top_logprobs: top }: Json) => top.length === 0));
});

Deno.test("text api: extreme options are taken where they are in range", async () => {
  const text = async (body: object): Promise<string> =>
    (await complete({ prompt: PROMPT, max_tokens: 5, seed: 1, ...body })).choices[0].text;
  const best = await text({ temperature: 0 });
  assert.equal(await text({ top_p: 0 }), best);
  assert.equal(await text({ top_k: 1 }), best);
  assert.equal(await text({ min_p: 1 }), best);
  // As long as the context is.
  const long = await complete({ prompt: PROMPT, max_tokens: 2 ** 31, seed: 1 });
  const { prompt_tokens, completion_tokens, total_tokens } = long.usage;
  assert.ok(total_tokens === prompt_tokens + completion_tokens && total_tokens <= 129);
  // Half of a surrogate pair is U+FFFD.
  assert.equal((await complete({ prompt: "a\ud800", max_tokens: 1 })).choices.length, 1);
});

Deno.test("text api: health and records tell how much, and nothing that users wrote", async () => {
  const records: RequestRecord[] = [];
  const server = serverOf(lm.instance === undefined ? lm : alone, {
    onRequest: (record) => records.push(record),
  });
  const health = async (): Promise<Json> =>
    await (await server.fetch(new Request("http://host/health"))).json();
  assert.deepEqual(await health(), { status: "idle", model: MODEL });
  const secret = "Lily and the secret";
  await (await server.fetch(post("/v1/completions", { prompt: secret, max_tokens: 4 }))).text();
  await (await server.fetch(
    post("/v1/completions", { prompt: secret, max_tokens: 4, stream: true }),
  ))
    .text();
  await server.fetch(post(`/v1/${secret}`, {}));
  const { status, active, waiting, engine, memory_bytes } = await health();
  assert.deepEqual([status, active, waiting, engine], ["ok", 0, 0, alone.engine]);
  assert.ok(memory_bytes > 0);
  const prompt = alone.tokenizer.encode(secret).ids.length;
  const told = records.map(({ method, path, status, promptTokens, completionTokens }) =>
    [method, path, status, promptTokens, completionTokens].join(" ")
  );
  assert.deepEqual(told, [
    "GET /health 200  ",
    `POST /v1/completions 200 ${prompt} 4`,
    `POST /v1/completions 200 ${prompt} 4`,
    "POST  404  ",
    "GET /health 200  ",
  ]);
  assert.ok(records[1].firstTokenMs! <= records[1].ms);
  assert.doesNotMatch(JSON.stringify(records), /secret/);
  await server.stop();
});

Deno.test("text api: the model that ships answers without a chat template, and says so", async () => {
  using plays = await TextGenerator.fromPretrained();
  const server = textServer(() => Promise.resolve(plays), { model: "plays" });
  const answer = await server.fetch(
    post("/v1/completions", { prompt: "ROMEO:", seed: 1, max_tokens: 9 }),
  );
  const { choices } = await answer.json();
  using other = await TextGenerator.fromPretrained();
  assert.equal(choices[0].text, await other.complete("ROMEO:", { seed: 1, maxTokens: 9 }));
  const refused = await server.fetch(post("/v1/chat/completions", { messages: CHAT }));
  assert.equal(refused.status, 400);
  assert.match((await refused.json()).error.message, /chat_template/);
  await server.stop();
});
