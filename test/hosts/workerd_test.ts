import assert from "node:assert/strict";
import { expectDots } from "./_expect_dots.ts";
import { hashOn, MODEL, pixels, scratchFolder } from "./_picture.ts";
import { GREEDY, LANGUAGE_MODEL, PROMPT } from "./_prompt.ts";
import { expectedStories, STORIES } from "./_expected_stories.ts";
import { startWorkerd } from "./_workerd.ts";

Deno.test("hosts: workerd gives the same logits and ids, module at top level", async () => {
  using folder = scratchFolder();
  const worker = new URL("./worker/", import.meta.url);
  for (const name of ["worker.js", "config.capnp"]) {
    await Deno.copyFile(new URL(name, worker), `${folder.path}/${name}`);
  }
  await Deno.copyFile(
    new URL("../../dist/runtime.js", import.meta.url),
    `${folder.path}/runtime.js`,
  );
  await Deno.copyFile(new URL("./_greedy.js", import.meta.url), `${folder.path}/greedy.js`);
  await Deno.copyFile(new URL("./_dots.js", import.meta.url), `${folder.path}/dots.js`);
  await Deno.copyFile(MODEL, `${folder.path}/classifier.fewbit`);
  await Deno.copyFile(new URL("./_stories.js", import.meta.url), `${folder.path}/stories.js`);
  await Deno.copyFile(STORIES, `${folder.path}/stories.fewbit`);
  await Deno.copyFile(LANGUAGE_MODEL, `${folder.path}/language_model.fewbit`);
  await Deno.writeFile(`${folder.path}/pixels.bin`, pixels());
  await using server = await startWorkerd(folder.path);
  const request = { method: "POST", body: JSON.stringify([PROMPT, GREEDY.length]) };
  const response = await fetch(server.origin, request);
  const { dots, stories, ...answer } = await response.json();
  assert.deepEqual(stories, await expectedStories());
  assert.deepEqual(answer, { hash: await hashOn("wasm-simd"), ids: GREEDY });
  await expectDots("workerd", dots);
});
