/** While a large request is computed, others are answered. */
import assert from "node:assert/strict";
import { readEncoderFolder } from "../../src/checkpoints/encoder_folder.ts";
import { quantizeEncoder } from "../../src/compile/encoder_folder.ts";
import { TextEmbedder } from "../../src/pipelines/embedding/text_embedder.ts";
import { encodeProgram } from "../../src/program/encode.ts";
import { embeddingsHandler } from "../../src/serve/embeddings_api.ts";
import { CountedTurns, FakeClock } from "../_fake_host.ts";
import { CALIBRATION, writeTinyEncoder } from "../pipelines/_tiny_encoder.ts";

/** On this clock every piece of work seems to take so long that a pause is due. */
const LOOK = 20;
const TEXTS = 120;

const folder = await Deno.makeTempDir();
writeTinyEncoder(folder);
const encoder = await encodeProgram(
  await quantizeEncoder(await readEncoderFolder(folder), { texts: CALIBRATION, name: "tiny" }),
);
const embedder = await TextEmbedder.fromPretrained(encoder);
const handler = embeddingsHandler(() => Promise.resolve(embedder), { model: "tiny" });

const URL_OF = (path: string): string => `http://host${path}`;
const post = (input: unknown, signal?: AbortSignal): Promise<Response> =>
  handler(
    new Request(URL_OF("/v1/embeddings"), {
      method: "POST",
      body: JSON.stringify({ input }),
      headers: { "content-type": "application/json" },
      ...signal && { signal },
    }),
  );
const LARGE = Array.from({ length: TEXTS }, (_, i) => `the cat sat ${"on ".repeat(i % 5)}`);

Deno.test("health and small requests are answered while a large one is computed", async () => {
  const expected = await (await post(LARGE)).text();
  const small = await (await post("a dog")).text();
  using _ = new FakeClock(LOOK);
  const ends: string[] = [];
  const others: Promise<void>[] = [];
  const note = async (name: string, request: Promise<Response>, body?: string): Promise<void> => {
    const response = await request;
    assert.equal(response.status, 200);
    const text = await response.text();
    if (body !== undefined) assert.equal(text, body);
    ends.push(name);
  };
  // After texts were tokenised, in the middle of the batches.
  using turns = new CountedTurns((count) => {
    if (count !== TEXTS + 20) return;
    others.push(note("health", handler(new Request(URL_OF("/health")))));
    others.push(note("small", post("a dog"), small));
  });
  await note("large", post(LARGE), expected);
  assert.equal(others.length, 2);
  await Promise.all(others);
  assert.deepEqual(ends, ["health", "small", "large"]);
  // Each text, the runs, each row of the answer.
  assert.ok(turns.count > 2 * TEXTS + 20, `${turns.count} turns`);
});

Deno.test("whoever goes away is noticed, and the next one is answered", async () => {
  using _ = new FakeClock(LOOK);
  const controller = new AbortController();
  using turns = new CountedTurns((count) => count === TEXTS + 20 && controller.abort());
  assert.equal((await post(LARGE, controller.signal)).status, 499);
  assert.ok(turns.count < TEXTS + 40, `${turns.count} turns`);
  assert.equal((await post("a dog")).status, 200);
});

Deno.test("the answer has the bytes of JSON.stringify", async () => {
  for (const encoding_format of ["float", "base64"]) {
    const body = JSON.stringify({ input: ["the cat", "a dog"], encoding_format });
    const headers = { "content-type": "application/json" };
    const response = await handler(
      new Request(URL_OF("/v1/embeddings"), { method: "POST", body, headers }),
    );
    assert.equal(response.headers.get("content-type"), "application/json");
    const text = await response.text();
    const answer = JSON.parse(text);
    assert.equal(JSON.stringify(answer), text);
    assert.deepEqual(Object.keys(answer), ["object", "data", "model", "usage"]);
  }
});
