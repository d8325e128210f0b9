import assert from "node:assert/strict";
import { load } from "../../src/engines/load.ts";
import { greedy } from "./_greedy.js";
import { dotsOf } from "./_dots.js";
import { expectDots } from "./_expect_dots.ts";
import { hashOn, MODEL, pixels } from "./_picture.ts";
import { TextGenerator } from "../../src/pipelines/text/text_generator.ts";
import { expectedStories, STORIES } from "./_expected_stories.ts";
import { COUNT, PROMPT as STORY, SEED, storiesOf, TEMPERATURE } from "./_stories.js";
import { GREEDY, LANGUAGE_MODEL, PROMPT } from "./_prompt.ts";

Deno.test("hosts: reference, simd and relaxed give the same logits in Deno", async () => {
  const expected = await hashOn("reference");
  assert.equal(await hashOn("wasm-simd"), expected);
  assert.equal(await hashOn("wasm-relaxed"), expected);
});

Deno.test("hosts: Deno says what its dot product is", async () => {
  await expectDots(
    `Deno ${Deno.version.deno}`,
    await dotsOf(load, Deno.readFileSync(MODEL), pixels()),
  );
});

for (const engine of ["reference", "wasm-simd", "wasm-relaxed"] as const) {
  Deno.test(`hosts: ${engine} writes the expected ids in Deno`, async () => {
    using instance = await load(await Deno.readFile(LANGUAGE_MODEL), { engine });
    assert.deepEqual(await greedy(instance, PROMPT, GREEDY.length), GREEDY);
  });
}

Deno.test("hosts: a Llama of integers draws the same ids on every engine in Deno, and in TextGenerator", async () => {
  const expected = await expectedStories();
  const file = Deno.readFileSync(STORIES);
  for (const engine of ["wasm-simd", "wasm-relaxed"] as const) {
    const told = await storiesOf((file, options) => load(file, { ...options, engine }), file);
    assert.deepEqual(told, expected);
  }
  using lm = await TextGenerator.fromPretrained(file);
  for (const [temperature, ids] of [[0, expected.greedy], [TEMPERATURE, expected.drawn]] as const) {
    const options = { temperature, seed: SEED, maxTokens: COUNT, stopAtEnd: false };
    const pieces = await Array.fromAsync(lm.generate(STORY, options));
    assert.deepEqual(pieces.flatMap((piece) => piece.ids), ids);
  }
});
