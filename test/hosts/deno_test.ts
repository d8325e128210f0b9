import assert from "node:assert/strict";
import { hashOn } from "./_picture.ts";

Deno.test("hosts: reference, simd and relaxed give the same logits in Deno", async () => {
  const expected = await hashOn("reference");
  assert.equal(await hashOn("wasm-simd"), expected);
  assert.equal(await hashOn("wasm-relaxed"), expected);
});
