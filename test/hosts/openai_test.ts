/** OpenAI's own clients against the worker: what they send is understood, what they get they take. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
// deno-lint-ignore no-import-prefix -- its version is written here only
import OpenAI from "npm:openai@7.59.0";
import { loadEmbedder } from "../../src/embedder.ts";
import { minilmFile, minilmIsMissing } from "./_minilm.ts";
import { capture, missing, scratchFolder } from "./_picture.ts";
import { fillFolder, startWorkerd } from "./_workerd.ts";
import { workerModule } from "../../examples/workers/build.ts";

const CLIENT = "openai==3.57.0";
const TEXTS = ["How old are you?", "naïve café 😀"];

/** Rows as this process computes them. */
async function expectedRows(file: Uint8Array): Promise<number[][]> {
  using embedder = await loadEmbedder(file, { engine: "wasm-simd" });
  return (await embedder.embed(TEXTS)).rows.map((row) => Array.from(row));
}

Deno.test({
  name: "hosts: the openai clients of npm and PyPI embed with the worker",
  ignore: minilmIsMissing() || missing("python3"),
  fn: async (t) => {
    const file = await minilmFile();
    const rows = await expectedRows(file);
    using folder = scratchFolder();
    await fillFolder(folder.path, await workerModule(), file);
    await using server = await startWorkerd(folder.path);
    const baseURL = `${server.origin}/v1`;

    await t.step("npm", async () => {
      const client = new OpenAI({ baseURL, apiKey: "any" });
      const model = "all-MiniLM-L6-v2";
      const all = await client.embeddings.create({ model, input: TEXTS });
      assert.deepEqual(all.data.map(({ embedding }) => embedding), rows);
      const floats = await client.embeddings.create({
        model,
        input: TEXTS[0],
        encoding_format: "float",
        dimensions: 384,
      });
      assert.deepEqual(floats.data[0].embedding, rows[0]);
      assert.equal(floats.usage.prompt_tokens, 7);
      const names: string[] = [];
      for await (const { id } of client.models.list()) names.push(id);
      assert.deepEqual(names, [model]);
      assert.equal((await client.models.retrieve(model)).id, model);
      await assert.rejects(client.embeddings.create({ model: "ada", input: "a" }), {
        status: 404,
        param: "model",
      });
      // As LangChain sends what another tokenizer made.
      await assert.rejects(client.embeddings.create({ model, input: [[4438, 2362]] }), {
        status: 400,
        message: /begin and end/,
      });
    });

    await t.step("PyPI", async () => {
      using packages = scratchFolder();
      await capture("python3", ["-m", "pip", "install", "-q", "--target", packages.path, CLIENT]);
      const env = { PYTHONPATH: packages.path, PYTHONDONTWRITEBYTECODE: "1" };
      const script = fileURLToPath(new URL("openai_client.py", import.meta.url));
      const output = await capture("python3", [script, baseURL, ...TEXTS], { env });
      const result = JSON.parse(output);
      assert.deepEqual(result.base64, rows);
      assert.deepEqual(result.float, rows);
      assert.deepEqual(result.models, ["all-MiniLM-L6-v2"]);
      assert.deepEqual(result.refused, ["NotFoundError", "BadRequestError"]);
    });
  },
});
