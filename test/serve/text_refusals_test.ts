/** What is refused, how it is said, and what becomes of those who leave or come too late. */
import assert from "node:assert/strict";
import { TextGenerator } from "../../src/pipelines/text/text_generator.ts";
import type { TextServerOptions } from "../../src/serve/text_api.ts";
import { textServer } from "../../src/serve/text_api.ts";
import { MODEL, post, serverOf, storiesModel } from "./_text_server.ts";

const lm = await storiesModel({ sessions: 2, parallel: 2, context: 64 });
const server = serverOf(lm, { maxQueue: 2 });
const CHAT = [{ role: "user", content: "Hi" }];

interface Refused {
  readonly status: number;
  readonly says: RegExp;
  readonly param?: string | null;
  readonly code?: string | null;
}

async function refused(
  response: Response | Promise<Response>,
  { status, says, param = null, code = null }: Refused,
): Promise<Response> {
  const answer = await response;
  const { error, ...rest } = await answer.json();
  assert.deepEqual(rest, {});
  assert.equal(answer.status, status, error.message);
  assert.match(error.message, says);
  const type = status === 429
    ? "rate_limit_error"
    : status < 500
    ? "invalid_request_error"
    : "server_error";
  assert.deepEqual({ ...error, message: "" }, { message: "", type, param, code });
  return answer;
}

const complete = (body: unknown, init?: RequestInit): Promise<Response> =>
  server.fetch(post("/v1/completions", body, init));
const chat = (body: unknown): Promise<Response> => server.fetch(post("/v1/chat/completions", body));

Deno.test("text api: fields that are wrong are refused by name", async () => {
  const bad = async (fields: object, says: RegExp, param: string, code?: string): Promise<void> => {
    const expected = { status: 400, says, param, ...code && { code } };
    await refused(complete({ prompt: "a", ...fields }), expected);
  };
  await bad({ prompt: undefined }, /missing/, "prompt");
  await bad({ prompt: [] }, /empty/, "prompt");
  await bad({ prompt: [[]] }, /no tokens/, "prompt");
  await bad({ prompt: [1, 512] }, /512.*0 to 511/, "prompt");
  await bad({ prompt: [-1] }, /-1/, "prompt");
  await bad({ prompt: [1.5] }, /1\.5/, "prompt");
  await bad({ prompt: [1, "a"] }, /"a"/, "prompt");
  await bad({ prompt: { text: "a" } }, /string or token ids/, "prompt");
  await bad({ prompt: Array(65).fill("a") }, /at most 64/, "prompt");
  await bad({ prompt: Array(5).fill("a") }, /more than this server takes/, "prompt");
  await bad({ n: 5 }, /more than this server takes/, "n");
  await bad({ n: 17 }, /from 1 to 16/, "n");
  await bad({ n: 0 }, /n is 0/, "n");
  await bad({ max_tokens: 0 }, /integer from 1/, "max_tokens");
  await bad({ max_tokens: 1.5 }, /integer/, "max_tokens");
  await bad({ max_tokens: "5" }, /"5"/, "max_tokens");
  await bad({ temperature: -0.1 }, /from 0 to 2/, "temperature");
  await bad({ temperature: 2.1 }, /from 0 to 2/, "temperature");
  await bad({ temperature: "hot" }, /number/, "temperature");
  await bad({ top_p: 1.01 }, /from 0 to 1/, "top_p");
  await bad({ top_k: -1 }, /top_k/, "top_k");
  await bad({ seed: -1 }, /seed/, "seed");
  await bad({ seed: 2 ** 53 }, /seed/, "seed");
  await bad({ stream: "yes" }, /true or false/, "stream");
  await bad({ stream_options: { include_usage: true } }, /stream: true/, "stream_options");
  await bad({ stream: true, stream_options: [] }, /object/, "stream_options");
  await bad(
    { stream: true, stream_options: { include_usage: 1 } },
    /true or false/,
    "stream_options.include_usage",
  );
  await bad({ stop: 5 }, /string/, "stop");
  await bad({ stop: [""] }, /stop\[0\]/, "stop");
  await bad({ stop: "\ud800" }, /surrogate/, "stop");
  await bad({ stop: Array(17).fill("a") }, /at most 16/, "stop");
  await bad({ logprobs: 21 }, /from 0 to 20/, "logprobs");
  await bad({ presence_penalty: 0.5 }, /not supported/, "presence_penalty");
  await bad({ frequency_penalty: -1 }, /not supported/, "frequency_penalty");
  await bad({ logit_bias: { 5: 1 } }, /not supported/, "logit_bias");
  await bad({ echo: true }, /not supported/, "echo");
  await bad({ suffix: "b" }, /not supported/, "suffix");
  await bad({ best_of: 3 }, /not supported/, "best_of");
  await bad({ temprature: 1 }, /no field "temprature"/, "temprature", "unknown_parameter");
  await bad({ __proto__x: 1 }, /no field/, "__proto__x", "unknown_parameter");
  await refused(complete({ prompt: "a", model: "gpt-5" }), {
    status: 404,
    says: /no model "gpt-5"/,
    param: "model",
    code: "model_not_found",
  });
  // Numbers that JSON can write and float64 cannot.
  await refused(complete('{"prompt":"a","temperature":1e999}'), {
    status: 400,
    says: /from 0 to 2/,
    param: "temperature",
  });
  await refused(complete('{"prompt":"a","max_tokens":-1e999}'), {
    status: 400,
    says: /integer/,
    param: "max_tokens",
  });
  await refused(complete('{"prompt":"a","temperature":NaN}'), { status: 400, says: /not JSON/ });
});

Deno.test("text api: messages of another shape are refused by their place", async () => {
  const bad = (messages: unknown, says: RegExp, param: string, code?: string): Promise<Response> =>
    refused(chat({ messages }), { status: 400, says, param, ...code && { code } });
  await bad(undefined, /missing/, "messages");
  await bad([], /empty/, "messages");
  await bad("Hi", /array/, "messages");
  await bad(["Hi"], /no object/, "messages[0]");
  await bad([null], /no object/, "messages[0]");
  await bad([{ content: "a" }], /role/, "messages[0].role");
  await bad([{ role: "tool", content: "a" }], /"tool"/, "messages[0].role");
  await bad([...CHAT, { role: "user" }], /content/, "messages[1].content");
  await bad([{ role: "user", content: 5 }], /string or parts/, "messages[0].content");
  await bad([{ role: "user", content: [5] }], /no object/, "messages[0].content[0]");
  await bad(
    [{ role: "user", content: [{ type: "text" }] }],
    /no string/,
    "messages[0].content[0].text",
  );
  const image = { type: "image_url", image_url: { url: "data:," } };
  await bad(
    [{ role: "user", content: [{ type: "text", text: "a" }, image] }],
    /"image_url"; this model reads text only/,
    "messages[0].content[1].type",
    "unsupported_content",
  );
  await bad([{ role: "assistant", tool_calls: [{}] }], /not supported/, "messages[0].tool_calls");
  await bad(
    [{ role: "user", content: "a", extra: 1 }],
    /no field/,
    "messages[0].extra",
    "unknown_parameter",
  );
  await bad(Array(2049).fill(CHAT[0]), /at most 2048/, "messages");
  const other = (fields: object, says: RegExp, param: string): Promise<Response> =>
    refused(chat({ messages: CHAT, ...fields }), { status: 400, says, param });
  await other({ tools: [{ type: "function" }] }, /not supported/, "tools");
  await other({ logprobs: 3 }, /true or false/, "logprobs");
  await other({ top_logprobs: 3 }, /logprobs: true/, "top_logprobs");
  await other({ response_format: { type: "xml" } }, /json_schema/, "response_format.type");
  await other({ response_format: { type: "json_schema" } }, /missing/, "response_format");
  await other(
    { response_format: { type: "json_schema", json_schema: { schema: [] } } },
    /JSON schema/,
    "response_format.json_schema.schema",
  );
  await other(
    { response_format: { type: "json_object" } },
    /not supported by this server/,
    "response_format",
  );
});

Deno.test("text api: a prompt beyond the context says how long it may be", async () => {
  const expected = {
    status: 400,
    says: /maximum context length is 64 tokens/,
    code: "context_length_exceeded",
  };
  await refused(complete({ prompt: Array(70).fill(5) }), { ...expected, param: "prompt" });
  const messages = [{ role: "user", content: "one two three ".repeat(40) }];
  await refused(chat({ messages }), { ...expected, param: "messages" });
  // One that just fits has room for one token.
  const { usage } = await (await complete({ prompt: Array(63).fill(5), max_tokens: 9 })).json();
  assert.equal(usage.completion_tokens, 1);
});

Deno.test("text api: without a context a prompt has an end, too", async () => {
  const endless = await TextGenerator.fromPretrained();
  const prompt = Array(2 ** 16 + 1).fill(5);
  await refused(serverOf(endless).fetch(post("/v1/completions", { prompt })), {
    status: 400,
    says: /maximum context length is 65536 tokens/,
    param: "prompt",
    code: "context_length_exceeded",
  });
  endless[Symbol.dispose]();
});

Deno.test("text api: bodies that are long, late, deep, broken or of another type", async () => {
  await refused(complete("a".repeat(2_000_001)), { status: 413, says: /2000000/ });
  const headers = { "content-type": "text/plain" };
  await refused(complete({}, { headers }), { status: 415, says: /text\/plain/ });
  for (const text of ["", "{", "nul", '{"prompt": "a"', "\u0000"]) {
    await refused(complete(text), { status: 400, says: /not JSON/ });
  }
  for (const text of ["[]", "1", "null", '"a"']) {
    await refused(complete(text), { status: 400, says: /not a JSON object/ });
  }
  const deep = `{"prompt":${"[".repeat(100_000)}${"]".repeat(100_000)}}`;
  await refused(complete(deep), { status: 400, says: /nested deeper/ });
  const body = (stream: ReadableStream): Request =>
    new Request("http://host/v1/completions", {
      method: "POST",
      body: stream,
      headers: { "content-type": "application/json" },
    });
  const endless = new ReadableStream({
    pull: (controller) => controller.enqueue(new Uint8Array(100_000).fill(32)),
  });
  await refused(server.fetch(body(endless)), { status: 413, says: /longer/ });
  // A byte now and then.
  let isCancelled = false;
  let timer: ReturnType<typeof setInterval>;
  const slow = new ReadableStream({
    start: (controller) =>
      void (timer = setInterval(() => controller.enqueue(Uint8Array.of(32)), 5)),
    cancel: () => {
      clearInterval(timer);
      isCancelled = true;
    },
  });
  const impatient = serverOf(lm, { bodyTimeoutMs: 60 });
  await refused(impatient.fetch(body(slow)), { status: 408, says: /60 ms/ });
  assert.ok(isCancelled);
  const broken = new ReadableStream({
    start: (controller) => controller.error(new Error("reset")),
  });
  await refused(server.fetch(body(broken)), { status: 400, says: /ended early/ });
});

Deno.test("text api: paths, methods, keys and other origins", async () => {
  await refused(server.fetch(post("/v1/edits", {})), {
    status: 404,
    says: /POST to \/v1\/completions, \/v1\/chat\/completions/,
  });
  const get = await refused(server.fetch(new Request("http://host/v1/completions")), {
    status: 405,
    says: /POST/,
  });
  assert.equal(get.headers.get("allow"), "POST");
  const models = await (await server.fetch(new Request("http://host/v1/models"))).json();
  assert.deepEqual(models.data.map(({ id }: { id: string }) => id), [MODEL]);
  const locked = serverOf(lm, { apiKey: "sesame", allowOrigin: "https://a.example" });
  const none = await refused(locked.fetch(post("/v1/completions", { prompt: "a" })), {
    status: 401,
    says: /no key/,
    code: "invalid_api_key",
  });
  assert.equal(none.headers.get("www-authenticate"), "Bearer");
  assert.equal(none.headers.get("access-control-allow-origin"), "https://a.example");
  for (const authorization of ["Bearer sesam", "Basic sesame", "Bearer sesame2", "sesame"]) {
    const headers = { authorization };
    const request = new Request("http://host/v1/models", { headers });
    assert.equal((await locked.fetch(request)).status, 401, authorization);
  }
  const headers = { authorization: "Bearer sesame" };
  assert.equal((await locked.fetch(new Request("http://host/v1/models", { headers }))).status, 200);
  assert.equal((await locked.fetch(new Request("http://host/health"))).status, 200);
  const closed = serverOf(lm, { allowOrigin: null });
  const { headers: without } = await closed.fetch(new Request("http://host/health"));
  assert.equal(without.get("access-control-allow-origin"), null);
});

/** A server with places for one answer and one request that waits. */
async function narrow(options: Partial<TextServerOptions> = {}) {
  const one = await storiesModel({ sessions: 1 });
  return { one, server: serverOf(one, { maxQueue: 1, ...options }) };
}

const LONG = { prompt: "Once", seed: 1, max_tokens: 400, stream: true };

Deno.test("text api: who finds the queue full is told when to ask again", async () => {
  const statuses: number[] = [];
  const { one, server } = await narrow({ onRequest: ({ status }) => statuses.push(status) });
  const log = console.error;
  const logged: unknown[] = [];
  console.error = (error) => logged.push(error);
  const ask = (init?: RequestInit): Promise<Response> =>
    server.fetch(post("/v1/completions", LONG, init));
  const first = await ask();
  const gone = new AbortController();
  const second = await ask({ signal: gone.signal });
  const full = await refused(ask(), { status: 429, says: /Too many/, code: "rate_limit_exceeded" });
  assert.equal(full.headers.get("retry-after"), "1");
  // Whoever waits and leaves, before the first token, makes room at once.
  gone.abort();
  const third = await ask();
  // And so does whoever is being answered.
  await first.body!.cancel();
  const fourth = await ask();
  assert.equal(fourth.status, 200);
  await Promise.all([third.body!.cancel(), fourth.body!.cancel(), second.body!.cancel()]);
  await server.stop();
  one[Symbol.dispose]();
  console.error = log;
  assert.deepEqual(logged, []);
  assert.deepEqual(statuses, [429, 499, 499, 499, 499]);
});

Deno.test("text api: a server that stops answers what it has begun, and nothing else", async () => {
  const { one, server } = await narrow();
  const short = { ...LONG, max_tokens: 30 };
  const answer = await server.fetch(post("/v1/completions", short));
  const stopped = server.stop();
  await refused(server.fetch(post("/v1/completions", short)), { status: 503, says: /stopping/ });
  const health = await server.fetch(new Request("http://host/health"));
  assert.equal(health.status, 503);
  assert.equal((await health.json()).status, "stopping");
  assert.match(await answer.text(), /"finish_reason":"length".*\n\ndata: \[DONE\]\n\n$/);
  await stopped;
  one[Symbol.dispose]();
});

Deno.test("text api: answers that take too long to end are ended with an error", async () => {
  const { one, server } = await narrow();
  const stream = await server.fetch(post("/v1/completions", LONG));
  const whole = server.fetch(post("/v1/completions", { ...LONG, stream: false }));
  const text = stream.text();
  await new Promise((resolve) => setTimeout(resolve, 20));
  await server.stop(0);
  const last = (await text).trimEnd().split("\n\n").at(-1)!;
  assert.match(
    last,
    /^data: \{"error":\{"message":"The server is stopping\.","type":"server_error"/,
  );
  await refused(whole, { status: 503, says: /stopping/ });
  one[Symbol.dispose]();
});

Deno.test("text api: a model that is unloaded, or never loaded", async () => {
  const { one, server } = await narrow();
  const stream = await server.fetch(post("/v1/completions", LONG));
  const reader = stream.body!.getReader();
  await reader.read();
  one[Symbol.dispose]();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    text += new TextDecoder().decode(value);
  }
  assert.match(text, /"type":"server_error"/);
  const later = await server.fetch(post("/v1/completions", { ...LONG, stream: false }));
  assert.equal(later.status, 503);
  const never = textServer(() => new Promise(() => {}), { model: MODEL, loadTimeoutMs: 20 });
  const late = await refused(never.fetch(post("/v1/completions", LONG)), {
    status: 503,
    says: /20 ms/,
  });
  assert.equal(late.headers.get("retry-after"), "5");
  const log = console.error;
  console.error = () => {};
  try {
    const failing = textServer(() => Promise.reject(new Error("secret")), { model: MODEL });
    await refused(failing.fetch(post("/v1/completions", LONG)), {
      status: 500,
      says: /server failed/,
    });
  } finally {
    console.error = log;
  }
});
