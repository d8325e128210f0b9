import assert from "node:assert/strict";
import { embeddingsHandler } from "../../src/serve/embeddings_api.ts";
import { singleLoad } from "../../examples/workers/_single_load.ts";
import { FewbitError } from "../../src/errors.ts";
import type { Embedder } from "../../src/serve/embeddings_api.ts";

/** Embeds a text as its length and its position. */
const embedder: Embedder = {
  vocabularySize: 100,
  dimension: 2,
  isFramed: (ids) => ids[0] !== 99,
  embed: (inputs, { maxTotalTokens }) => {
    const tokens = inputs.map((input) => input.length);
    if (tokens.reduce((a, b) => a + b) > maxTotalTokens) {
      return Promise.reject(new FewbitError("limit_exceeded", "Cannot embed: too many tokens"));
    }
    return Promise.resolve({
      rows: inputs.map((input, i) => Float32Array.of(input.length, i + 0.5)),
      tokens,
    });
  },
};
const handler = embeddingsHandler(() => Promise.resolve(embedder), { model: "tiny" });

function post(body: BodyInit, headers: Record<string, string> = {}): Promise<Response> {
  return handler(
    new Request("http://host/v1/embeddings", {
      method: "POST",
      body,
      headers: { "content-type": "application/json", ...headers },
    }),
  );
}

async function answer(body: unknown): Promise<Record<string, unknown>> {
  const response = await post(JSON.stringify(body));
  assert.equal(response.status, 200);
  return await response.json();
}

async function refusal(status: number, response: Promise<Response>, says: RegExp): Promise<void> {
  const { error } = await (await response.then((r) => {
    assert.equal(r.status, status);
    return r;
  })).json();
  assert.equal(error.type, status < 500 ? "invalid_request_error" : "server_error");
  assert.match(error.message, says);
}

Deno.test("a string, strings, token ids and arrays of them are embedded", async () => {
  assert.deepEqual(await answer({ input: "abc", model: "tiny", user: "x" }), {
    object: "list",
    data: [{ object: "embedding", index: 0, embedding: [3, 0.5] }],
    model: "tiny",
    usage: { prompt_tokens: 3, total_tokens: 3 },
  });
  const { data, usage } = await answer({ input: ["a", [5, 6], "c"] });
  assert.deepEqual((data as { embedding: number[] }[]).map(({ embedding }) => embedding), [
    [1, 0.5],
    [2, 1.5],
    [1, 2.5],
  ]);
  assert.deepEqual(usage, { prompt_tokens: 4, total_tokens: 4 });
  const [{ embedding }] = (await answer({ input: [1, 2, 3] })).data as { embedding: number[] }[];
  assert.deepEqual(embedding, [3, 0.5]);
});

Deno.test("base64 holds little-endian float32", async () => {
  const { data } = await answer({ input: "abcd", encoding_format: "base64" });
  const [{ embedding }] = data as { embedding: string }[];
  const bytes = Uint8Array.from(atob(embedding), (char) => char.charCodeAt(0));
  assert.deepEqual(new Float32Array(bytes.buffer), Float32Array.of(4, 0.5));
});

Deno.test("bad requests get a 4xx that says what is wrong", async () => {
  const json = (body: unknown): Promise<Response> => post(JSON.stringify(body));
  await refusal(400, json({}), /input is missing/);
  await refusal(400, json({ input: "" }), /empty string/);
  await refusal(400, json({ input: ["a", ""] }), /input\[1\] is an empty string/);
  await refusal(400, json({ input: [] }), /input is empty/);
  await refusal(400, json({ input: [[]] }), /no token ids/);
  await refusal(400, json({ input: {} }), /send a string/);
  await refusal(400, json({ input: null }), /input is missing/);
  await refusal(400, json({ input: [99, 5] }), /do not begin and end/);
  await refusal(400, json({ input: Array(2048).fill("a".repeat(33)) }), /too many tokens/);
  await refusal(400, json({ input: [true] }), /input\[0\] is true/);
  await refusal(400, json({ input: [1, 100] }), /0 to 99/);
  await refusal(400, json({ input: [1, 1.5] }), /integers/);
  await refusal(400, json({ input: [[-1]] }), /-1/);
  await refusal(400, json({ input: Array(2049).fill("a") }), /at most 2048/);
  await refusal(400, json({ input: "a", encoding_format: "hex" }), /encoding_format/);
  await refusal(400, json({ input: "a", dimensions: 3 }), /"tiny" has 2/);
  await refusal(404, json({ input: "a", model: "ada" }), /no model "ada"/);
  await refusal(400, post("{"), /not JSON/);
  await refusal(400, post("[]"), /not a JSON object/);
  await refusal(400, post(Uint8Array.of(0xff, 0xfe)), /UTF-8/);
  await refusal(415, post("{}", { "content-type": "text/plain" }), /text\/plain/);
  await refusal(413, post(JSON.stringify({ input: "a".repeat(2_000_001) })), /longer/);
  await refusal(404, handler(new Request("http://host/v2")), /\/v2/);
  const get = handler(new Request("http://host/v1/embeddings"));
  await refusal(405, get, /POST/);
  assert.equal((await get.catch(() => undefined))?.headers.get("allow"), "POST");
});

Deno.test("a body that is longer than it says is cut off", async () => {
  const pull = (controller: ReadableStreamDefaultController): void =>
    controller.enqueue(new Uint8Array(100_000).fill(32));
  const body = new ReadableStream({ pull });
  await refusal(413, post(body, { "content-length": "10" }), /longer/);
});

Deno.test("a failure of the embedder is a 500 without its reasons", async () => {
  const log = console.error;
  console.error = () => {};
  try {
    const failing = embeddingsHandler(() => Promise.reject(new Error("secret")), { model: "m" });
    const request = new Request("http://host/v1/embeddings", {
      method: "POST",
      body: '{"input":"a"}',
      headers: { "content-type": "application/json" },
    });
    await refusal(500, failing(request), /server failed/);
  } finally {
    console.error = log;
  }
});

Deno.test("what clients send as null is left out; the model's own size may be named", async () => {
  const plain = await answer({ input: "abc" });
  const fields = ["model", "encoding_format", "dimensions", "user"];
  for (const field of fields) {
    assert.deepEqual(await answer({ input: "abc", [field]: null }), plain, field);
  }
  assert.deepEqual(await answer({ input: "abc", dimensions: 2 }), plain);
  const { data } = await answer({ input: Array(2048).fill("a") });
  assert.equal((data as unknown[]).length, 2048);
});

Deno.test("models are listed and asked for by name", async () => {
  const get = (path: string): Promise<Response> => handler(new Request(`http://host${path}`));
  const model = { id: "tiny", object: "model", created: 0, owned_by: "fewbit" };
  assert.deepEqual(await (await get("/v1/models")).json(), { object: "list", data: [model] });
  assert.deepEqual(await (await get("/v1/models/tiny")).json(), model);
  await refusal(404, get("/v1/models/ada"), /no model "ada"/);
  await refusal(404, get("/v1/models/%zz"), /no model/);
  await refusal(405, handler(new Request("http://host/v1/models", { method: "POST" })), /GET/);
});

Deno.test("pages of other origins may ask, also for errors", async () => {
  const options = new Request("http://host/v1/embeddings", {
    method: "OPTIONS",
    headers: { origin: "https://page", "access-control-request-headers": "x-stainless-os" },
  });
  const preflight = await handler(options);
  assert.equal(preflight.status, 204);
  assert.equal(preflight.headers.get("access-control-allow-headers"), "x-stainless-os");
  assert.match(preflight.headers.get("access-control-allow-methods")!, /POST/);
  for (const response of [preflight, await post("{"), await post('{"input":"a"}')]) {
    assert.equal(response.headers.get("access-control-allow-origin"), "*");
  }
  const only = embeddingsHandler(() => Promise.resolve(embedder), {
    model: "tiny",
    allowOrigin: "https://page",
  });
  const { headers } = await only(new Request("http://host/health"));
  assert.equal(headers.get("access-control-allow-origin"), "https://page");
  assert.equal(headers.get("vary"), "origin");
});

Deno.test("a request without a valid URL is a 400, and nothing of it is logged", async () => {
  const request = new Request("http://host/health");
  Object.defineProperty(request, "url", { configurable: true, value: "http://a b/health" });
  await refusal(400, handler(request), /Host/);
  for (const host of ["a/b", "a b", "a?b", "user@host", "a\\b", "a#b"]) {
    const headers = new Headers();
    // A Request would leave it out.
    Object.defineProperty(request, "url", { configurable: true, value: "http://host/health" });
    Object.defineProperty(request, "headers", {
      configurable: true,
      value: { get: (name: string) => name === "host" ? host : headers.get(name) },
    });
    await refusal(400, handler(request), /Host/);
  }
});

Deno.test("a model that takes too long to load is a 503, and is waited for again", async () => {
  let arrive = (_: Embedder): void => {};
  const loading = new Promise<Embedder>((resolve) => arrive = resolve);
  const slow = embeddingsHandler(() => loading, { model: "tiny", loadTimeoutMs: 20 });
  const request = (): Request =>
    new Request("http://host/v1/embeddings", {
      method: "POST",
      body: '{"input":"a"}',
      headers: { "content-type": "application/json" },
    });
  const late = await slow(request());
  assert.equal(late.headers.get("retry-after"), "5");
  await refusal(503, Promise.resolve(late), /not loaded after 20 ms/);
  arrive(embedder);
  assert.equal((await slow(request())).status, 200);
});

Deno.test("health tells whether the model is there, comes or has failed", async () => {
  const log = console.error;
  console.error = () => {};
  try {
    const { get, options } = singleLoad();
    const broken = embeddingsHandler(
      () => get(() => Promise.resolve(new Uint8Array(100))),
      options,
    );
    const health = async (): Promise<[number, string]> => {
      const response = await broken(new Request("http://host/health"));
      return [response.status, (await response.json()).status];
    };
    assert.deepEqual(await health(), [200, "idle"]);
    const asking = broken(
      new Request("http://host/v1/embeddings", {
        method: "POST",
        body: '{"input":"a"}',
        headers: { "content-type": "application/json" },
      }),
    );
    while ((await health())[1] === "idle");
    assert.equal((await asking).status, 500);
    assert.deepEqual(await health(), [503, "failed"]);
  } finally {
    console.error = log;
  }
});
