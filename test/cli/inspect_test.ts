import assert from "node:assert/strict";
import { layersFile } from "../inspect/_program.ts";

const CLI = new URL("../../cli.ts", import.meta.url).pathname;

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function fewbit(...args: string[]): Promise<Outcome> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-check", "-A", CLI, ...args],
    env: { NO_COLOR: "1" },
  });
  const { code, stdout, stderr } = await command.output();
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), err: text(stderr) };
}

async function withFile(
  bytes: Uint8Array,
  test: (path: string, directory: string) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await Deno.writeFile(`${directory}/model.fewbit`, bytes);
    await test(`${directory}/model.fewbit`, directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("cli inspect: lists a file or the folder that holds it, as text and JSON", async () => {
  await withFile(await layersFile(), async (path, directory) => {
    const text = await fewbit("inspect", path, "--entry", "main");
    assert.equal(text.code, 0, text.err);
    assert.match(text.out, /entry {4}main: instructions 0 to 6/);
    assert.doesNotMatch(text.out, /Entry other/);
    const json = await fewbit("inspect", directory, "--json");
    assert.equal(json.code, 0, json.err);
    assert.equal(JSON.parse(json.out).entries[1].name, "other");
  });
});

Deno.test("cli inspect: writes a page", async () => {
  await withFile(await layersFile(), async (path, directory) => {
    const { code, out, err } = await fewbit("inspect", path, "--html", `${directory}/page.html`);
    assert.equal(code, 0, err);
    assert.equal(out, "");
    assert.match(await Deno.readTextFile(`${directory}/page.html`), /^<!doctype html>/);
  });
});

Deno.test("cli inspect: a damaged file, a missing one, an unknown entry: one line, status 1", async () => {
  const file = await layersFile();
  const damaged = file.slice();
  damaged[file.length - 1] ^= 1;
  await withFile(damaged, async (path) => {
    const { code, out, err } = await fewbit("inspect", path);
    assert.deepEqual({ code, out }, { code: 1, out: "" });
    assert.match(err, /^fewbit: Cannot use program: checksum: [^\n]*\n$/);
  });
  await withFile(file, async (path, directory) => {
    const missing = await fewbit("inspect", `${directory}/none.fewbit`);
    assert.equal(missing.code, 1);
    assert.match(missing.err, /^fewbit: Cannot open [^\n]*\n$/);
    const entry = await fewbit("inspect", path, "--entry", "none");
    assert.equal(entry.code, 1);
    assert.match(entry.err, /^fewbit: Cannot show entry "none": the program has main, other\n$/);
  });
});

Deno.test("cli inspect: lists the metadata and tensors of a GGUF file, as text and JSON", async () => {
  const path = new URL("../vectors/gguf/small.gguf", import.meta.url).pathname;
  const text = await fewbit("inspect", path);
  assert.equal(text.code, 0, text.err);
  assert.match(
    text.out,
    /^GGUF, version 3, 3\.9 kB\nmetadata general\.architecture: fewbit-test\n/,
  );
  assert.match(text.out, /\n {2}tq1\.blocks +162 B {2}TQ1_0\[3, 256\]\n/);
  const json = await fewbit("inspect", path, "--json");
  assert.equal(json.code, 0, json.err);
  const { metadata, tensors } = JSON.parse(json.out);
  assert.equal(metadata["v.u64.large"], "18446744073709551615");
  assert.deepEqual(tensors[1], {
    name: "f16",
    type: "F16",
    shape: [2, 3],
    byte_offset: 1312,
    byte_length: 12,
  });
  const wrong = await fewbit("inspect", path, "--time");
  assert.equal(wrong.code, 1);
  assert.match(wrong.err, /^fewbit: Cannot inspect .*: --time, --html and --entry are for/);
});
