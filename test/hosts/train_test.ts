/**
 * A network learns the same on every host, to the bit: 50 steps with dropout, stopped and resumed after 20, in bfloat16 with updates
 * that are rounded at random and half of its values computed again.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { bundleModule } from "../../examples/bundle.ts";
import { CHROMIUM_TEST, withTitle } from "./_chromium.ts";
import { capture, missing, scratchFolder } from "./_picture.ts";
import {
  CLASSES,
  expectedTraining,
  firstLoss,
  KINDS,
  PIXELS,
  program,
  writeCase,
} from "./_training_case.ts";
import type { Kind } from "./_training_case.ts";
import { trainedOn } from "./_train.js";
import { startWorkerd } from "./_workerd.ts";
import { load } from "../../src/train.ts";

const WASM = fileURLToPath(new URL("../../wasm/fewbit.train.wasm", import.meta.url));
const HOSTS = fileURLToPath(new URL("../../examples/hosts/", import.meta.url));

/** The library and the steps as one module that exports `run(file, pixels, classes)`. */
const moduleText = (): Promise<string> => bundleModule(new URL("_train_run.ts", import.meta.url));

async function check(kind: Kind, result: unknown): Promise<void> {
  assert.deepEqual(result, await expectedTraining(kind));
}

for (const kind of KINDS) {
  Deno.test(`hosts: training in Deno learns, and begins as the reference engine does, ${kind}`, async () => {
    const { losses, weights } = await expectedTraining(kind);
    assert.match(weights, /^[0-9a-f]{64}$/);
    if (kind === "bf16") {
      await check(kind, await trainedOn(load, await program(kind), PIXELS, CLASSES));
    }
    assert.equal(losses[0], await firstLoss(kind));
    assert.ok(losses.at(-1)! < losses[0] / 2, `from ${losses[0]} to ${losses.at(-1)}`);
  });
}

const NODE = `
import { readFileSync } from "node:fs";
import { run } from "./run.mjs";
const bytes = process.argv.slice(2).map((path) => new Uint8Array(readFileSync(path)));
console.log(JSON.stringify(await run(...bytes)));
`;

for (const kind of KINDS) {
  Deno.test({
    name: `hosts: training in Node gives the same weights, ${kind}`,
    ignore: missing("node"),
    fn: async () => {
      using folder = scratchFolder();
      const at = (name: string): string => `${folder.path}/${name}`;
      await Deno.writeTextFile(at("main.mjs"), NODE);
      await Deno.writeTextFile(at("run.mjs"), await moduleText());
      await Deno.writeFile(at("program"), await program(kind));
      await Deno.writeFile(at("pixels"), PIXELS);
      await Deno.writeFile(at("classes"), CLASSES);
      const args = ["main.mjs", "program", "pixels", "classes"].map(at);
      await check(kind, JSON.parse(await capture("node", args)));
    },
  });
}

const WORKER = `
import { run } from "run.js";
const bytes = async (assets, name) =>
  new Uint8Array(await (await assets.fetch("https://assets/" + name)).arrayBuffer());
export default {
  async fetch(request, { ASSETS }) {
    const names = ["program", "pixels", "classes"];
    return Response.json(await run(...await Promise.all(names.map((name) => bytes(ASSETS, name)))));
  },
};
`;

for (const kind of KINDS) {
  Deno.test(`hosts: training in workerd gives the same weights, ${kind}`, async () => {
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
    await Deno.writeFile(`${folder.path}/assets/program`, await program(kind));
    await Deno.writeFile(`${folder.path}/assets/pixels`, PIXELS);
    await Deno.writeFile(`${folder.path}/assets/classes`, CLASSES);
    await using server = await startWorkerd(folder.path);
    await check(kind, await (await fetch(server.origin)).json());
  });
}

const PAGE = `<!doctype html><title>fewbit</title><script type="module">
import { run } from "./run.js";
const bytes = async (name) => new Uint8Array(await (await fetch(name)).arrayBuffer());
try {
  window.result = await run(await bytes("program"), await bytes("pixels"), await bytes("classes"));
  document.title = "done";
} catch (error) {
  document.title = "error: " + error.message;
}
</script>`;

for (const kind of KINDS) {
  Deno.test({
    name: `hosts: training in Chromium gives the same weights, ${kind}`,
    ...CHROMIUM_TEST,
    fn: async () => {
      const [module, file] = [await moduleText(), await program(kind)];
      const typed = (body: BodyInit, type: string): Response =>
        new Response(body, { headers: { "content-type": type } });
      const binary = (bytes: Uint8Array<ArrayBuffer>) => (): Response =>
        typed(bytes, "application/octet-stream");
      const files: Record<string, () => Response> = {
        "/": () => typed(PAGE, "text/html"),
        "/run.js": () => typed(module, "text/javascript"),
        "/program": binary(file),
        "/pixels": binary(PIXELS),
        "/classes": binary(CLASSES),
      };
      await withTitle(files, 120_000, async (title, page) => {
        assert.equal(title, "done");
        await check(kind, await page.evaluate("window.result"));
      });
    },
  });
}

/** An example without JavaScript prints the losses and the hash, and refuses what does not fit. */
async function tryExample(
  kind: Kind,
  example: (...args: string[]) => Promise<string>,
): Promise<void> {
  using folder = scratchFolder();
  const [file, images, labels] = await writeCase(folder.path, kind);
  const { losses, weights } = await expectedTraining(kind);
  const output = `${folder.path}/weights.bin`;
  const text = await example(WASM, file, images, labels, "50", output);
  assert.match(text, new RegExp(`^weights_sha256 ${weights}$`, "m"));
  assert.ok(text.includes(`step 50: loss ${losses[49].toFixed(4)}`), text);
  const written = await Deno.readFile(output);
  assert.equal(createHash("sha256").update(written).digest("hex"), weights);
  await assert.rejects(example(WASM, file, labels, images, "1"), /labels|pictures|no batch/);
  await assert.rejects(example(WASM, file, file, labels, "1"), /no IDX file/);
  // A class that the program does not have is refused by its check of inputs.
  const wrong = await Deno.readFile(labels);
  wrong[wrong.length - 96] = 10;
  await Deno.writeFile(labels, wrong);
  await assert.rejects(example(WASM, file, images, labels, "1"), /begin: verdict \d+/);
}

for (const kind of KINDS) {
  Deno.test({
    name:
      `hosts: training with wasmtime in Python gives the same weights, without JavaScript, ${kind}`,
    ignore: missing("python3"),
    fn: async () => {
      using packages = scratchFolder();
      const wasmtime = "wasmtime==50.0.1";
      await capture("python3", ["-m", "pip", "install", "-q", "--target", packages.path, wasmtime]);
      const env = { PYTHONPATH: packages.path, PYTHONDONTWRITEBYTECODE: "1" };
      await tryExample(
        kind,
        (...args) => capture("python3", [`${HOSTS}train.py`, ...args], { env }),
      );
    },
  });
}

for (const kind of KINDS) {
  Deno.test({
    name: `hosts: training with wazero in Go gives the same weights, without JavaScript, ${kind}`,
    ignore: missing("go"),
    fn: async () => {
      using folder = scratchFolder();
      const binary = `${folder.path}/hosts`;
      await capture("go", ["build", "-o", binary, "."], { cwd: HOSTS });
      await tryExample(kind, (...args) => capture(binary, ["train", ...args]));
    },
  });
}
