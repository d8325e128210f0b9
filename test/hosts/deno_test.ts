import assert from "node:assert/strict";
import { load } from "../../src/engines/load.ts";
import { greedy } from "./_greedy.js";
import { dotsOf } from "./_dots.js";
import { expectDots } from "./_expect_dots.ts";
import { hashOn, MODEL, pixels } from "./_picture.ts";
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
