/** The whole library and the command line, bundled, in Node and Bun: they read and write files there as in Deno. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { bundleModule } from "../../examples/bundle.ts";
import { bareName, bareNames } from "../../tools/bare_names.ts";
import { CALIBRATION, writeTinyEncoder } from "../pipelines/_tiny_encoder.ts";
import { serveTree } from "../entries/_serve_tree.ts";
import { installPackage, NPM_HOSTS, NPM_HOSTS_MISSING, npmHost } from "./_npm_host.ts";
import type { NpmHost } from "./_npm_host.ts";
import { capture, scratchFolder } from "./_picture.ts";

const ROOT = new URL("../../", import.meta.url);
const at = (name: string): string => fileURLToPath(new URL(name, ROOT));
const VIT = at("models/vit-fashion-mnist.fewbit");
const TEXT = at("models/hgrn-bit-shakespeare.fewbit");
const PICTURE = at("examples/fashion/000-ankle-boot.png");

const LIBRARY = `
import { FewbitError, ImageClassifier, listImages, openSafetensors, TextGenerator } from "./mod.mjs";

const [vit, text, picture, pictures, tensors] = process.argv.slice(2);
const classifier = await ImageClassifier.fromPretrained(vit);
const { label } = await classifier.classify(picture);
const lm = await TextGenerator.fromPretrained(text);
const written = await lm.complete("ROMEO:", { seed: 1, maxTokens: 12 });
const { files } = await listImages(pictures);
const names = [...openSafetensors(tensors).keys()].length;
const codes = [];
const refused = async (work) => codes.push(await work().then(() => "nothing", (error) =>
  error instanceof FewbitError ? error.code + ": " + error.message : String(error)));
await refused(() => ImageClassifier.fromPretrained("missing.fewbit"));
await refused(() => classifier.classify(pictures));
await refused(() => classifier.classify("a\\0b.png"));
// As in a browser.
process.getBuiltinModule = undefined;
await refused(() => ImageClassifier.fromPretrained(vit));
console.log(JSON.stringify({ label, written, files: files.length, names, codes }));
`;

for (const host of NPM_HOSTS) {
  Deno.test({
    name: `hosts: the library reads models, pictures and folders by path in ${host}`,
    ignore: NPM_HOSTS_MISSING,
    fn: async () => {
      using folder = scratchFolder();
      await Deno.writeTextFile(
        `${folder.path}/mod.mjs`,
        await bundleModule(new URL("mod.ts", ROOT)),
      );
      await Deno.writeTextFile(`${folder.path}/main.mjs`, LIBRARY);
      const output = await capture(await npmHost(host), [
        `${folder.path}/main.mjs`,
        VIT,
        TEXT,
        PICTURE,
        at("examples/fashion"),
        at("test/vectors/tiny/deit.safetensors"),
      ], { cwd: folder.path });
      const here = await fewbitHere(["generate", "ROMEO:", "--seed", "1", "--max-tokens", "12"]);
      const { label, written, files, names, codes } = JSON.parse(output);
      assert.equal(label, "Ankle boot");
      assert.equal(`ROMEO:${written}`, here.stdout);
      assert.equal(files, 12);
      assert.ok(names > 10, `${names} tensors`);
      assert.deepEqual(codes, [
        "not_found: Cannot open missing.fewbit: no such file or folder",
        `invalid_argument: Cannot open ${at("examples/fashion")}: it is a folder, expected a file`,
        "invalid_argument: Cannot open a\0b.png: its name is not valid",
        `unsupported: Cannot open ${VIT}: this host has no file system; give bytes or a URL`,
      ]);
    },
  });
}

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function ended(child: Deno.ChildProcess): Promise<Ended> {
  const { code, stdout, stderr } = await child.output();
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

function start(program: string, args: readonly string[]): Deno.ChildProcess {
  return new Deno.Command(program, {
    args: [...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    env: { NO_COLOR: "1" },
  }).spawn();
}

async function fewbit(program: string, args: readonly string[], input = ""): Promise<Ended> {
  const child = start(program, args);
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input)).then(() => writer.close()).catch(() => {});
  return await ended(child);
}

const fewbitHere = (args: readonly string[]): Promise<Ended> =>
  fewbit(Deno.execPath(), ["run", "-qA", at("cli.ts"), ...args]);

/** The command line as one file, and the package that it imports. */
async function writeCommandLine(folder: string): Promise<string> {
  const path = `${folder}/cli.mjs`;
  const entry = new URL("cli.ts", ROOT);
  await Deno.writeTextFile(path, await bundleModule(entry, { node: true, plugins: [bareNames] }));
  const text = await Deno.readTextFile(new URL("src/cli/_commander.ts", ROOT));
  const [, specifier] = /from "(npm:commander@[^"]+)"/.exec(text)!;
  assert.equal(bareName(specifier), "commander");
  await installPackage(folder, specifier.slice("npm:".length));
  return path;
}

async function commandLine(host: NpmHost, t: Deno.TestContext): Promise<void> {
  const program = await npmHost(host);
  using folder = scratchFolder();
  const path = (name: string): string => `${folder.path}/${name}`;
  const cli = await writeCommandLine(folder.path);
  const run = (args: readonly string[], input?: string): Promise<Ended> =>
    fewbit(program, [cli, ...args], input);

  await t.step("classify, as in Deno", async () => {
    const args = ["classify", PICTURE, "--model", VIT, "--json", "--engine", "wasm-simd"];
    const [there, here] = [await run(args), await fewbitHere(args)];
    assert.equal(there.code, 0, there.stderr);
    const hash = (text: string): string => JSON.parse(text).logits_f32_sha256;
    assert.equal(hash(there.stdout), hash(here.stdout));
  });
  await t.step("generate from standard input, as in Deno", async () => {
    const args = ["generate", "--model", TEXT, "--seed", "4", "--max-tokens", "20"];
    const there = await run(args, "ROMEO:\n");
    assert.equal(there.code, 0, there.stderr);
    assert.equal(there.stdout, (await fewbitHere([...args, "ROMEO:\n"])).stdout);
  });
  await t.step("quantize, embed and search write and lock files", async () => {
    await Deno.mkdir(path("notes"));
    writeTinyEncoder(path("encoder"));
    await Deno.writeTextFile(path("texts"), CALIBRATION.join("\n"));
    await Deno.writeTextFile(path("notes/cats.txt"), "the cat sat on the mat.");
    const calibration = ["--calibration", path("texts"), "-o", path("tiny.fewbit")];
    const quantized = await run(["quantize", path("encoder"), ...calibration]);
    assert.equal(quantized.code, 0, quantized.stderr);
    const index = ["--index", path("index")];
    const add = ["search", ...index, "--add", path("notes"), "--model", path("tiny.fewbit")];
    const added = await Promise.all([run(add), run(add), run(add)]);
    for (const { code, stderr } of added) assert.equal(code, 0, stderr);
    const found = await run(["search", "the cat", ...index, "--json"]);
    assert.equal(JSON.parse(found.stdout).results[0].text, "the cat sat on the mat.");
    const hidden = [...Deno.readDirSync(folder.path)].map(({ name }) => name)
      .filter((name) => name.startsWith(".") && name !== ".package-lock.json");
    assert.deepEqual(hidden, []);
  });
  await t.step("mistakes have a status and a line", async () => {
    const cases: readonly (readonly [args: readonly string[], code: number, line: RegExp])[] = [
      [["--version"], 0, /^$/],
      [["clasify"], 2, /did you mean classify\?/],
      [["classify", "missing.png", "--model", VIT], 1, /no such file/],
      [["inspect", "/dev/zero"], 1, /is a device/],
      [["convert", VIT, "-o", folder.path], 1, /is a folder/],
    ];
    for (const [args, code, line] of cases) {
      const { stderr, ...result } = await run(args);
      assert.equal(result.code, code, stderr);
      assert.match(stderr, line);
      assert.ok(stderr.split("\n").length <= 2, stderr);
    }
  });
  await t.step("Ctrl-C ends what computes and what waits, with 130", async () => {
    const computes = ["generate", "ROMEO:", "--model", TEXT, "--max-tokens", "1000000"];
    for (const args of [computes, ["generate", "--model", TEXT]]) {
      const child = start(program, [cli, ...args]);
      await new Promise((resolve) => setTimeout(resolve, 1000));
      const begin = performance.now();
      child.kill("SIGINT");
      const { code, stderr } = await ended(child);
      const ms = performance.now() - begin;
      assert.equal(code, 130, stderr);
      assert.match(stderr, /fewbit: interrupted\n$/);
      assert.ok(ms < 1500, `${ms.toFixed(0)} ms`);
    }
  });
  await t.step("a reader that goes away ends it quietly, with 141", async () => {
    const child = start(program, [
      cli,
      ...["generate", "ROMEO:", "--model", TEXT, "--seed", "1", "--max-tokens", "100000"],
    ]);
    const errors = new Response(child.stderr).text();
    const reader = child.stdout.getReader();
    await reader.read();
    await reader.cancel();
    assert.equal((await child.status).code, 141);
    assert.equal(await errors, "");
    await child.stdin.close().catch(() => {});
  });
}

for (const host of ["node22", "bun"] as const) {
  Deno.test({
    name: `hosts: the command line in ${host} does what it does in Deno`,
    ignore: NPM_HOSTS_MISSING,
    fn: (t) => commandLine(host, t),
  });
}

Deno.test("hosts: the command line runs by URL in Deno, with nothing in the cache", async () => {
  await using tree = serveTree();
  using folder = scratchFolder();
  const picture = `${tree.base}examples/fashion/000-ankle-boot.png`;
  const output = await capture(
    Deno.execPath(),
    ["run", "-qA", `${tree.base}cli.ts`, "classify", picture, "--json"],
    { cwd: folder.path, env: { DENO_DIR: `${folder.path}/cache`, NO_COLOR: "1" } },
  );
  assert.equal(JSON.parse(output).top[0].label, "Ankle boot");
});
