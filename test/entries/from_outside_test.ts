/**
 * The entries as another project imports them: from a folder without a configuration, by path and by URL, with
 * nothing in the cache and no registry to ask.
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { withFolder } from "../files/_temporary.ts";
import { serveTree } from "./_serve_tree.ts";

const ROOT = new URL("../../", import.meta.url);
const PICTURE = "examples/fashion/000-ankle-boot.png";
const MODEL = "models/vit-fashion-mnist.fewbit";

/** A program that uses all three; what it reads it is told by path or URL. */
const program = (base: string): string => `
import { decodeImage, FewbitError, ImageClassifier } from "${base}mod.ts";
import { loadEmbedder } from "${base}src/embedder.ts";
import type { EmbeddingModel } from "${base}src/embedder.ts";
import { load } from "${base}src/runtime.ts";
import type { Tensor } from "${base}src/runtime.ts";

const [picture, model] = Deno.args;
using byDefault = await ImageClassifier.fromPretrained();
using named = await ImageClassifier.fromPretrained(model);
const labels: string[] = [];
for (const classifier of [byDefault, named]) labels.push((await classifier.classify(picture)).label);
const bytesOf = async (source: string): Promise<Uint8Array<ArrayBuffer>> =>
  source.startsWith("http") ? await (await fetch(source)).bytes() : await Deno.readFile(source);
using instance = await load(await bytesOf(model));
const pixels: Uint8Array = decodeImage(await bytesOf(picture)).data;
const { logits }: { logits?: Tensor } = await instance.run({ pixels });
const embedder: EmbeddingModel | string = await loadEmbedder(await bytesOf(model)).catch((error) =>
  error instanceof FewbitError ? error.code : "another error"
);
console.log(JSON.stringify([...labels, logits?.shape, embedder]));
`;

/** Runs Deno in a folder, with a cache of its own. */
async function deno(folder: string, ...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    cwd: folder,
    env: {
      DENO_DIR: `${folder}/cache`,
      // Nobody listens there.
      NPM_CONFIG_REGISTRY: "http://127.0.0.1:1/",
      NO_COLOR: "1",
    },
  }).output();
  const [out, error] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  assert.ok(success, `deno ${args.join(" ")}: ${out}${error}`);
  assert.doesNotMatch(error, /warning/i);
  return out;
}

async function useFrom(base: string, picture: string, model: string): Promise<void> {
  await withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/main.ts`, program(base));
    await deno(folder, "check", "--allow-import", "main.ts");
    const permissions = ["--allow-import", "--allow-read", "--allow-net"];
    const output = await deno(folder, "run", ...permissions, "main.ts", picture, model);
    assert.deepEqual(JSON.parse(output), ["Ankle boot", "Ankle boot", [1, 10], "unsupported"]);
  });
}

Deno.test("entries: another project imports them by path, checks and runs", async () => {
  const path = (name: string): string => fileURLToPath(new URL(name, ROOT));
  await useFrom(ROOT.href, path(PICTURE), path(MODEL));
});

Deno.test("entries: another project imports them by URL, checks and runs", async () => {
  await using tree = serveTree();
  const { base } = tree;
  await useFrom(base, `${base}${PICTURE}`, `${base}${MODEL}`);
});
