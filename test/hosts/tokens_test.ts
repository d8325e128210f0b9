/**
 * The ids of every code point and of 4,000 texts, and the embeddings of 400, are the same in Deno, Node, workerd
 * and Chromium, whatever version of Unicode each has; the ids are those of the Rust tokenizers.
 */
import assert from "node:assert/strict";
import { bundleModule } from "../../examples/bundle.ts";
import { loadEmbedder } from "../../src/embedder.ts";
import { readSectionVectors } from "../text/_section_vectors.ts";
import { minilmFile, minilmIsMissing } from "./_minilm.ts";
import { capture, missing, scratchFolder } from "./_picture.ts";
import { CHROMIUM_TEST, withTitle } from "./_chromium.ts";
import { tokenHashes } from "./_tokens.js";
import { startWorkerd } from "./_workerd.ts";

const ignore = minilmIsMissing();
const { parts, minilm } = readSectionVectors();

type Result = Awaited<ReturnType<typeof tokenHashes>>;

/** Of Deno's embeddings; the other hosts have to have it too. */
let embeddings: Promise<string> | undefined;

function embeddingsHere(): Promise<string> {
  return embeddings ??= (async () => {
    using embedder = await loadEmbedder(await minilmFile());
    const result = await tokenHashes(embedder, parts);
    check(result);
    return result.embeddings;
  })();
}

function check({ codePoints, texts, embedded }: Result): void {
  assert.deepEqual(codePoints, minilm.codePoints);
  assert.deepEqual(texts, minilm.texts);
  assert.equal(embedded, 400);
}

async function checkAgainstDeno(result: Result): Promise<void> {
  check(result);
  assert.equal(result.embeddings, await embeddingsHere());
}

const NAME = `ids of all ${
  minilm.codePoints.length * 4096
} code points and 4,000 texts, bits of 400 embeddings`;

Deno.test({
  name: `hosts: ${NAME} in Deno`,
  ignore,
  fn: async () => {
    assert.match(await embeddingsHere(), /^[0-9a-f]{12}$/);
  },
});

/** The embedder and the hashes as one module that exports `run(model, parts)`. */
async function moduleText(): Promise<string> {
  return await bundleModule(new URL("_tokens_run.ts", import.meta.url));
}

const NODE = `
import { readFileSync } from "node:fs";
import { run } from "./run.mjs";
const { parts } = JSON.parse(readFileSync(process.argv[3], "utf8"));
console.log(JSON.stringify(await run(readFileSync(process.argv[2]), parts)));
`;

Deno.test({
  name: `hosts: ${NAME} in Node`,
  ignore: ignore || missing("node"),
  fn: async () => {
    using folder = scratchFolder();
    await Deno.writeTextFile(`${folder.path}/main.mjs`, NODE);
    await Deno.writeTextFile(`${folder.path}/run.mjs`, await moduleText());
    await Deno.writeTextFile(`${folder.path}/parts.json`, JSON.stringify({ parts }));
    await Deno.writeFile(`${folder.path}/minilm.fewbit`, await minilmFile());
    const args = ["main.mjs", "minilm.fewbit", "parts.json"].map((name) =>
      `${folder.path}/${name}`
    );
    await checkAgainstDeno(JSON.parse(await capture("node", args)));
  },
});

const WORKER = `
import { run } from "run.js";
export default {
  async fetch(request, { ASSETS }) {
    const model = await ASSETS.fetch("https://assets/minilm.fewbit");
    return Response.json(await run(model, await request.json()));
  },
};
`;

Deno.test({
  name: `hosts: ${NAME} in workerd`,
  ignore,
  fn: async () => {
    using folder = scratchFolder();
    const config = await Deno.readTextFile(new URL("workers/config.capnp", import.meta.url));
    const modules = ["worker.js", "run.js"]
      .map((name) => `(name = "${name}", esModule = embed "${name}"),`);
    await Deno.writeTextFile(
      `${folder.path}/config.capnp`,
      config.replace(/modules = \[.*\]/, `modules = [${modules.join(" ")}]`),
    );
    await Deno.writeTextFile(`${folder.path}/worker.js`, WORKER);
    await Deno.writeTextFile(`${folder.path}/run.js`, await moduleText());
    await Deno.mkdir(`${folder.path}/assets`);
    await Deno.writeFile(`${folder.path}/assets/minilm.fewbit`, await minilmFile());
    await using server = await startWorkerd(folder.path);
    const response = await fetch(server.origin, { method: "POST", body: JSON.stringify(parts) });
    await checkAgainstDeno(await response.json());
  },
});

const PAGE = `<!doctype html><title>fewbit</title><script type="module">
import { run } from "./run.js";
try {
  const parts = await (await fetch("./parts.json")).json();
  window.result = await run(await fetch("./minilm.fewbit"), parts);
  document.title = "done";
} catch (error) {
  document.title = "error: " + error.message;
}
</script>`;

Deno.test({
  name: `hosts: ${NAME} in Chromium`,
  ...CHROMIUM_TEST,
  ignore: ignore || CHROMIUM_TEST.ignore,
  fn: async () => {
    const [model, module] = [await minilmFile(), await moduleText()];
    const typed = (body: BodyInit, type: string): Response =>
      new Response(body, { headers: { "content-type": type } });
    const files: Record<string, () => Response> = {
      "/": () => typed(PAGE, "text/html"),
      "/run.js": () => typed(module, "text/javascript"),
      "/parts.json": () => typed(JSON.stringify(parts), "application/json"),
      "/minilm.fewbit": () => typed(model, "application/octet-stream"),
    };
    await withTitle(files, 120_000, async (title, page) => {
      assert.equal(title, "done");
      await checkAgainstDeno(await page.evaluate("window.result") as Result);
    });
  },
});
