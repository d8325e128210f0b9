import { fileURLToPath } from "node:url";
import { capture, missing, scratchFolder } from "./_picture.ts";
import { tryExamples } from "./_without_javascript.ts";

const WASMTIME = "wasmtime==50.0.1";

Deno.test({
  name: "hosts: wasmtime in Python gives the same logits and ids, without JavaScript",
  ignore: missing("python3"),
  fn: async (t) => {
    using packages = scratchFolder();
    await capture("python3", ["-m", "pip", "install", "-q", "--target", packages.path, WASMTIME]);
    const env = { PYTHONPATH: packages.path, PYTHONDONTWRITEBYTECODE: "1" };
    await tryExamples(t, (name, ...args) => {
      const script = new URL(`../../examples/hosts/${name}.py`, import.meta.url);
      return capture("python3", [fileURLToPath(script), ...args], { env });
    });
  },
});
