import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { expectDots } from "./_expect_dots.ts";
import { capture, hashOn, missing, MODEL, pixels, scratchFolder } from "./_picture.ts";
import { expectedStories, STORIES } from "./_expected_stories.ts";
import { GREEDY, LANGUAGE_MODEL, PROMPT } from "./_prompt.ts";

const SCRIPT = `
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
const [runtime, decoding, dotsModule, classifier, pixels, languageModel, prompt, count, story, stories] = process.argv.slice(2);
const { load } = await import(pathToFileURL(runtime));
const { greedy } = await import(pathToFileURL(decoding));
const { dotsOf } = await import(pathToFileURL(dotsModule));
const { storiesOf } = await import(pathToFileURL(story));
const answers = [];
for (const engine of ["wasm-simd", "auto"]) {
  const image = await load(readFileSync(classifier), { engine });
  const { logits } = await image.run({ pixels: new Uint8Array(readFileSync(pixels)) });
  const hash = createHash("sha256").update(logits.data).digest("hex");
  const text = await load(readFileSync(languageModel), { engine });
  answers.push({ hash, ids: await greedy(text, JSON.parse(prompt), Number(count)) });
  for (const instance of [image, text]) {
    instance[Symbol.dispose ?? Symbol.for("Symbol.dispose")]?.();
  }
}
const dots = await dotsOf(load, readFileSync(classifier), new Uint8Array(readFileSync(pixels)));
const told = await storiesOf(load, readFileSync(stories));
console.log(JSON.stringify({ answers, dots, told, version: process.version }));
`;

Deno.test({
  name: "hosts: Node gives the same logits and ids",
  ignore: missing("node"),
  fn: async () => {
    using folder = scratchFolder();
    await Deno.writeTextFile(`${folder.path}/main.mjs`, SCRIPT);
    await Deno.writeFile(`${folder.path}/pixels.bin`, pixels());
    await Deno.copyFile(new URL("./_greedy.js", import.meta.url), `${folder.path}/greedy.mjs`);
    await Deno.copyFile(new URL("./_dots.js", import.meta.url), `${folder.path}/dots.mjs`);
    await Deno.copyFile(new URL("./_stories.js", import.meta.url), `${folder.path}/stories.mjs`);
    const output = await capture("node", [
      `${folder.path}/main.mjs`,
      fileURLToPath(new URL("../../dist/runtime.js", import.meta.url)),
      `${folder.path}/greedy.mjs`,
      `${folder.path}/dots.mjs`,
      fileURLToPath(MODEL),
      `${folder.path}/pixels.bin`,
      fileURLToPath(LANGUAGE_MODEL),
      JSON.stringify(PROMPT),
      String(GREEDY.length),
      `${folder.path}/stories.mjs`,
      fileURLToPath(STORIES),
    ]);
    const expected = { hash: await hashOn("wasm-simd"), ids: GREEDY };
    const { answers, dots, told, version } = JSON.parse(output);
    assert.deepEqual(answers, [expected, expected]);
    assert.deepEqual(told, await expectedStories());
    await expectDots(`Node ${version}`, dots);
  },
});
