import assert from "node:assert/strict";
import { embeddingsHandler } from "../../examples/workers/embeddings_api.ts";
import type { Embedder } from "../../examples/workers/embeddings_api.ts";

/** Embeds a text as its length and its position. */
const embedder: Embedder = {
  vocabularySize: 100,
  embed: (inputs) =>
    Promise.resolve({
      rows: inputs.map((input, i) => Float32Array.of(input.length, i + 0.5)),
      tokens: inputs.map((input) => input.length),
    }),
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
  await refusal(400, json({ input: null }), /send a string/);
  await refusal(400, json({ input: [true] }), /input\[0\] is true/);
  await refusal(400, json({ input: [1, 100] }), /0 to 99/);
  await refusal(400, json({ input: [1, 1.5] }), /integers/);
  await refusal(400, json({ input: [[-1]] }), /-1/);
  await refusal(400, json({ input: Array(65).fill("a") }), /at most 64/);
  await refusal(400, json({ input: "a", encoding_format: "hex" }), /encoding_format/);
  await refusal(400, json({ input: "a", dimensions: 2 }), /dimensions/);
  await refusal(404, json({ input: "a", model: "ada" }), /no model "ada"/);
  await refusal(400, post("{"), /not JSON/);
  await refusal(400, post("[]"), /not a JSON object/);
  await refusal(400, post(Uint8Array.of(0xff, 0xfe)), /UTF-8/);
  await refusal(415, post("{}", { "content-type": "text/plain" }), /text\/plain/);
  await refusal(413, post(JSON.stringify({ input: "a".repeat(1_000_001) })), /longer/);
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
