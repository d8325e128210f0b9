/** The arithmetic that shaders stand on is exact on the adapter that this host has. */
import assert from "node:assert/strict";
import { ARITHMETIC, firstWrong } from "./_arithmetic.ts";
import { GPU_TEST } from "./gpu.ts";
import { runWords } from "./_run_words.ts";

for (const one of ARITHMETIC) {
  Deno.test({
    name: `webgpu: ${one.expression} is exact`,
    ...GPU_TEST,
    fn: async () => {
      const words = one.words();
      assert.equal(firstWrong(one, words, await runWords(one.expression, words)), undefined);
    },
  });
}
