import assert from "node:assert/strict";
import { load } from "../../src/engines/load.ts";
import { greedy } from "./_greedy.js";
import { hashOn } from "./_picture.ts";
import { GREEDY, LANGUAGE_MODEL, PROMPT } from "./_prompt.ts";

Deno.test("hosts: reference, simd and relaxed give the same logits in Deno", async () => {
  const expected = await hashOn("reference");
  assert.equal(await hashOn("wasm-simd"), expected);
  assert.equal(await hashOn("wasm-relaxed"), expected);
});

for (const engine of ["reference", "wasm-simd", "wasm-relaxed"] as const) {
  Deno.test(`hosts: ${engine} writes the expected ids in Deno`, async () => {
    using instance = await load(await Deno.readFile(LANGUAGE_MODEL), { engine });
    assert.deepEqual(await greedy(instance, PROMPT, GREEDY.length), GREEDY);
  });
}
