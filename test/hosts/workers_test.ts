/** The examples' servers with the real model: a Cloudflare Worker in workerd, and `deno serve`. */
import assert from "node:assert/strict";
import { workerModule } from "../../examples/workers/build.ts";
import { loadEmbedder } from "../../src/embedder.ts";
import { minilmFile, minilmIsMissing } from "./_minilm.ts";
import { scratchFolder } from "./_picture.ts";
import { fillFolder, portOf, startWorkerd } from "./_workerd.ts";

const ignore = minilmIsMissing();

/** Most bytes of a static asset of Cloudflare's. */
const MOST_ASSET_BYTES = 25 * 2 ** 20;
/** Most bytes of an isolate. */
const MOST_MEMORY_BYTES = 128e6;
/** Most bytes of the module. */
const MOST_MODULE_BYTES = 230_000;

const TEXTS = ["How old are you?", "東京タワー", "naïve café 😀", "word ".repeat(1000)];
const EMPTY_WORKER = 'export default { fetch: () => new Response("ok") };';

async function post(origin: string, body: BodyInit): Promise<Response> {
  return await fetch(`${origin}/v1/embeddings`, {
    method: "POST",
    body,
    headers: { "content-type": "application/json" },
  });
}

async function embed(origin: string, body: unknown): Promise<Uint32Array[]> {
  const response = await post(
    origin,
    JSON.stringify({ ...body as object, encoding_format: "base64" }),
  );
  assert.equal(response.status, 200);
  const { data, usage } = await response.json();
  assert.ok(usage.prompt_tokens > 0);
  return data.map(({ embedding }: { embedding: string }) =>
    new Uint32Array(Uint8Array.fromBase64(embedding).buffer)
  );
}

/** Bits of the embeddings in this process. */
async function expected(file: Uint8Array): Promise<{ rows: Uint32Array[]; ids: number[][] }> {
  using embedder = await loadEmbedder(file, { engine: "wasm-simd" });
  const { rows } = await embedder.embed(TEXTS);
  const { maxTokens, tokenizer } = embedder;
  return {
    rows: rows.map((row) => new Uint32Array(row.buffer)),
    ids: TEXTS.map((text) => [...tokenizer.encode(text, { maxTokens }).ids]),
  };
}

/** What a server with this model must do. */
async function checkServer(origin: string, file: Uint8Array): Promise<void> {
  const { rows, ids } = await expected(file);
  // Many at once, and all before the model is there: it is loaded once.
  const first = await Promise.all(TEXTS.map((text) => embed(origin, { input: text })));
  assert.deepEqual(first.flat(), rows);
  assert.deepEqual(await embed(origin, { input: TEXTS, model: "all-MiniLM-L6-v2" }), rows);
  assert.deepEqual(await embed(origin, { input: ids }), rows);
  const status = async (body: BodyInit): Promise<number> => {
    const response = await post(origin, body);
    const { error } = await response.json();
    assert.equal(typeof error.message, "string");
    return response.status;
  };
  assert.equal(await status('{"input":""}'), 400);
  assert.equal(await status('{"input":'), 400);
  assert.equal(await status('{"input":[30522]}'), 400);
  assert.equal(await status(JSON.stringify({ input: Array(2049).fill("a") })), 400);
  assert.equal(await status(JSON.stringify({ input: ids[0].slice(1) })), 400);
  assert.equal(await status(JSON.stringify({ input: Array(2000).fill("a b ".repeat(20)) })), 400);
  assert.equal(await status('{"input":"a","model":"ada"}'), 404);
  assert.equal(await status(JSON.stringify({ input: "a".repeat(2_000_001) })), 413);
  assert.equal(
    (await embed(origin, { input: Array(2048).fill("one of many texts") })).length,
    2048,
  );
  // The longest text that is let in.
  assert.equal((await embed(origin, { input: "a ".repeat(490_000) })).length, 1);
  const { error } = await (await fetch(`${origin}/minilm.fewbit`)).json();
  assert.match(error.message, /\/minilm\.fewbit/);
}

async function residentBytes(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return 1024 * Number(/VmRSS:\s+(\d+) kB/.exec(status)![1]);
}

Deno.test({
  name: "hosts: the Cloudflare Worker embeds in workerd, within 128 MB",
  ignore,
  fn: async () => {
    const file = await minilmFile();
    assert.ok(file.length <= MOST_ASSET_BYTES, `the model has ${file.length} bytes`);
    const module = await workerModule();
    assert.ok(module.length <= MOST_MODULE_BYTES, `the worker has ${module.length} bytes`);
    using folder = scratchFolder();
    using emptyFolder = scratchFolder();
    await fillFolder(folder.path, module, file);
    await fillFolder(emptyFolder.path, EMPTY_WORKER);
    await using empty = await startWorkerd(emptyFolder.path);
    await (await fetch(empty.origin)).text();
    await using server = await startWorkerd(folder.path);
    await checkServer(server.origin, file);
    const health = await (await fetch(`${server.origin}/health`)).json();
    assert.equal(health.loaded, true);
    assert.ok(health.memory_bytes > file.length);
    if (Deno.build.os !== "linux") {
      console.log("memory of the process: not measured, there is no /proc");
      return;
    }
    const growth = await residentBytes(server.pid) - await residentBytes(empty.pid);
    const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
    console.log(
      `module ${module.length} bytes, model ${file.length} bytes, loaded in ${health.load_ms} ms; ` +
        `wasm memory ${megabytes(health.memory_bytes)}, ` +
        `process ${megabytes(growth)} more than with an empty worker`,
    );
    assert.ok(Math.max(growth, health.memory_bytes) < MOST_MEMORY_BYTES);
  },
});

Deno.test({
  name: "hosts: deno serve embeds",
  ignore,
  fn: async () => {
    const file = await minilmFile();
    using folder = scratchFolder();
    const path = `${folder.path}/minilm.fewbit`;
    await Deno.writeFile(path, file);
    for (const args of [["serve", "--port", "0"], ["run"]]) {
      const script = args[0] === "serve" ? "serve.ts" : "deno_deploy.ts";
      const process = new Deno.Command(Deno.execPath(), {
        args: [
          ...args,
          "-A",
          new URL(`../../examples/workers/${script}`, import.meta.url).pathname,
        ],
        env: { FEWBIT_MODEL: path, DENO_SERVE_ADDRESS: "tcp:127.0.0.1:0", NO_COLOR: "1" },
        stdout: "null",
        stderr: "piped",
      }).spawn();
      try {
        const port = await portOf(process.stderr, /Listening on http:\/\/[\d.:[\]a-z]+:(\d+)/);
        await checkServer(`http://127.0.0.1:${port}`, file);
      } finally {
        process.kill();
        await process.status;
      }
    }
  },
});
