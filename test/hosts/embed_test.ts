/** The same codes of an embedding in Deno, Node, workerd and Chromium: those of the oracle. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { load } from "../../src/engines/load.ts";
import { IDS, minilmFile, minilmIsMissing, SUMS_SHA256 } from "./_minilm.ts";
import { capture, missing, scratchFolder } from "./_picture.ts";
import { CHROMIUM_TEST, withTitle } from "./_chromium.ts";
import { sumsHash } from "./_sums.js";
import { startWorkerd } from "./_workerd.ts";

const ignore = minilmIsMissing();
const RUNTIME = new URL("../../dist/runtime.js", import.meta.url);
const SUMS = new URL("./_sums.js", import.meta.url);

for (const engine of ["reference", "wasm-simd", "wasm-relaxed"] as const) {
  Deno.test({
    name: `hosts: ${engine} gives the oracle's codes of a text in Deno`,
    ignore,
    fn: async () => {
      using instance = await load(await minilmFile(), { engine });
      assert.equal(await sumsHash(instance, IDS), SUMS_SHA256);
    },
  });
}

const NODE = `
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
const [runtime, sums, model, ids] = process.argv.slice(2);
const { load } = await import(pathToFileURL(runtime));
const { sumsHash } = await import(pathToFileURL(sums));
const hashes = [];
for (const engine of ["wasm-simd", "auto"]) {
  const instance = await load(readFileSync(model), { engine });
  hashes.push(await sumsHash(instance, JSON.parse(ids)));
}
console.log(JSON.stringify(hashes));
`;

Deno.test({
  name: "hosts: Node gives the oracle's codes of a text",
  ignore: ignore || missing("node"),
  fn: async () => {
    using folder = scratchFolder();
    await Deno.writeTextFile(`${folder.path}/main.mjs`, NODE);
    await Deno.copyFile(SUMS, `${folder.path}/sums.mjs`);
    await Deno.writeFile(`${folder.path}/minilm.fewbit`, await minilmFile());
    const output = await capture("node", [
      `${folder.path}/main.mjs`,
      fileURLToPath(RUNTIME),
      `${folder.path}/sums.mjs`,
      `${folder.path}/minilm.fewbit`,
      JSON.stringify(IDS),
    ]);
    assert.deepEqual(JSON.parse(output), [SUMS_SHA256, SUMS_SHA256]);
  },
});

const WORKER = `
import { load } from "runtime.js";
import { sumsHash } from "sums.js";
export default {
  async fetch(request, { ASSETS }) {
    const instance = await load(await ASSETS.fetch("https://assets/minilm.fewbit"));
    return new Response(await sumsHash(instance, await request.json()));
  },
};
`;

Deno.test({
  name: "hosts: workerd gives the oracle's codes of a text",
  ignore,
  fn: async () => {
    using folder = scratchFolder();
    const config = await Deno.readTextFile(new URL("workers/config.capnp", import.meta.url));
    const modules = ["worker.js", "runtime.js", "sums.js"]
      .map((name) => `(name = "${name}", esModule = embed "${name}"),`);
    await Deno.writeTextFile(
      `${folder.path}/config.capnp`,
      config.replace(/modules = \[.*\]/, `modules = [${modules.join(" ")}]`),
    );
    await Deno.writeTextFile(`${folder.path}/worker.js`, WORKER);
    await Deno.copyFile(RUNTIME, `${folder.path}/runtime.js`);
    await Deno.copyFile(SUMS, `${folder.path}/sums.js`);
    await Deno.mkdir(`${folder.path}/assets`);
    await Deno.writeFile(`${folder.path}/assets/minilm.fewbit`, await minilmFile());
    await using server = await startWorkerd(folder.path);
    const request = { method: "POST", body: JSON.stringify(IDS) };
    assert.equal(await (await fetch(server.origin, request)).text(), SUMS_SHA256);
  },
});

const PAGE = `<!doctype html><title>fewbit</title><script type="module">
import { load } from "./runtime.js";
import { sumsHash } from "./sums.js";
try {
  const instance = await load(await fetch("./minilm.fewbit"));
  document.title = await sumsHash(instance, ${JSON.stringify(IDS)});
} catch (error) {
  document.title = error.message;
}
</script>`;

Deno.test({
  name: "hosts: Chromium gives the oracle's codes of a text",
  ...CHROMIUM_TEST,
  ignore: ignore || CHROMIUM_TEST.ignore,
  fn: async () => {
    const model = await minilmFile();
    const typed = (body: BodyInit, type: string): Response =>
      new Response(body, { headers: { "content-type": type } });
    const files: Record<string, () => Response> = {
      "/": () => typed(PAGE, "text/html"),
      "/runtime.js": () => typed(Deno.readFileSync(RUNTIME), "text/javascript"),
      "/sums.js": () => typed(Deno.readFileSync(SUMS), "text/javascript"),
      "/minilm.fewbit": () => typed(model, "application/octet-stream"),
    };
    await withTitle(files, 20_000, (title) => {
      assert.equal(title, SUMS_SHA256);
    });
  },
});
