import assert from "node:assert/strict";
import { goExample } from "./_examples.ts";
import { followReadme } from "./_follow_readme.ts";
import { missing, scratchFolder } from "./_picture.ts";
import { classifyRelaxed, expectedLogits, tryExamples } from "./_without_javascript.ts";

Deno.test({
  name: "hosts: wazero in Go gives the same logits and ids, without JavaScript",
  ignore: missing("go"),
  fn: async (t) => {
    using folder = scratchFolder();
    const example = await goExample(folder.path);
    await tryExamples(t, example);
    await t.step("README", () => followReadme("Go"));
    await t.step("relaxed SIMD", async () => {
      const expected = await expectedLogits();
      const output = await classifyRelaxed(example).catch((error: Error) => error.message);
      // A host that does not compile the module says so; one that does is right.
      console.log(expected.test(output) ? "wazero: relaxed SIMD" : "wazero: no relaxed SIMD");
      assert.match(output, new RegExp(`${expected.source}|invalid|relaxed|unsupported`, "i"));
    });
  },
});
