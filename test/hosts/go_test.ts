import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { followReadme } from "./_follow_readme.ts";
import type { Example } from "./_without_javascript.ts";
import { capture, missing, scratchFolder } from "./_picture.ts";
import { classifyRelaxed, expectedLogits, tryExamples } from "./_without_javascript.ts";

Deno.test({
  name: "hosts: wazero in Go gives the same logits and ids, without JavaScript",
  ignore: missing("go"),
  fn: async (t) => {
    using folder = scratchFolder();
    const binary = `${folder.path}/hosts`;
    const cwd = fileURLToPath(new URL("../../examples/hosts", import.meta.url));
    await capture("go", ["build", "-o", binary, "."], { cwd });
    const example: Example = (...args) => capture(binary, args);
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
