/** Answers that have to be of some form. */
import assert from "node:assert/strict";
import { FewbitError } from "../../src/errors.ts";
import { post, serverOf, storiesModel } from "./_text_server.ts";

const CHAT = [{ role: "user", content: "Hi" }];

Deno.test("text api: a server with a constraint answers in its form", async () => {
  const formats: unknown[] = [];
  const one = await storiesModel();
  const digits = ["1", "2", "3"].map((digit) => one.tokenizer.tokenToId(digit)!);
  const server = serverOf(one, {
    constrain: (format) => {
      formats.push(format);
      let left = 4;
      return {
        allowed: () => {
          const words = new Int32Array(16);
          for (const id of left > 0 ? digits : [1]) words[id >> 5] |= 1 << (id & 31);
          return words;
        },
        accept: () => void left--,
      };
    },
  });
  const schema = { type: "integer" };
  const response_format = { type: "json_schema", json_schema: { name: "n", schema, strict: true } };
  const request = post("/v1/chat/completions", { messages: CHAT, response_format, seed: 1 });
  const { choices: [{ message, finish_reason }] } = await (await server.fetch(request)).json();
  assert.match(message.content, /^[123]{4}$/);
  assert.equal(finish_reason, "stop");
  // Each of several answers has a constraint of its own.
  const two = post("/v1/chat/completions", { messages: CHAT, response_format, seed: 1, n: 2 });
  const { choices } = await (await server.fetch(two)).json();
  assert.equal(choices.length, 2);
  for (const { message } of choices) assert.match(message.content, /^[123]{4}$/);
  await (await server.fetch(post("/v1/chat/completions", {
    messages: CHAT,
    response_format: { type: "json_object" },
  }))).json();
  assert.deepEqual(formats, [{ schema }, { schema }, { schema }, {}]);
  await server.stop();
  one[Symbol.dispose]();
});

Deno.test("text api: what a refused answer was constrained by is freed", async () => {
  let [made, ended] = [0, 0];
  const one = await storiesModel({ sessions: 1 });
  const server = serverOf(one, {
    maxQueue: 1,
    constrain: () => {
      if (made === 5) throw new FewbitError("invalid_argument", "Cannot constrain");
      made++;
      return { allowed: () => new Int32Array(16).fill(-1), accept: () => {}, end: () => ended++ };
    },
  });
  const body = { messages: CHAT, response_format: { type: "json_object" }, max_tokens: 2 };
  const ask = (fields: object): Promise<Response> =>
    server.fetch(post("/v1/chat/completions", { ...body, ...fields }));
  // More than there is room for; then a prompt that is too long; then the second of two fails.
  assert.equal((await ask({ n: 3 })).status, 400);
  assert.deepEqual([made, ended], [3, 3]);
  const messages = [{ role: "user", content: "one two three ".repeat(400) }];
  assert.equal((await ask({ messages })).status, 400);
  assert.deepEqual([made, ended], [4, 4]);
  assert.equal((await ask({ n: 2 })).status, 400);
  assert.deepEqual([made, ended], [5, 5]);
  await server.stop();
  one[Symbol.dispose]();
});
