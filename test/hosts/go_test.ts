import { fileURLToPath } from "node:url";
import { capture, missing, scratchFolder } from "./_picture.ts";
import { tryExamples } from "./_without_javascript.ts";

Deno.test({
  name: "hosts: wazero in Go gives the same logits and ids, without JavaScript",
  ignore: missing("go"),
  fn: async (t) => {
    using folder = scratchFolder();
    const binary = `${folder.path}/hosts`;
    const cwd = fileURLToPath(new URL("../../examples/hosts", import.meta.url));
    await capture("go", ["build", "-o", binary, "."], { cwd });
    await tryExamples(t, (...args) => capture(binary, args));
  },
});
