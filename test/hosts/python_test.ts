import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { installWasmtime, pythonExample } from "./_examples.ts";
import { followReadme } from "./_follow_readme.ts";
import { capture, missing, pixels, scratchFolder } from "./_picture.ts";
import { classifyRelaxed, expectedLogits, RELAXED, tryExamples } from "./_without_javascript.ts";

/** Prints what the self-test of a module and its dot product say. */
const DOT = `
import sys
from wasmtime import Engine, Instance, Module, Store
engine = Engine()
store = Store(engine)
exports = Instance(store, Module(engine, open(sys.argv[1], "rb").read()), []).exports(store)
print(exports["selftest"](store), exports["dot_form"](store))
`;

Deno.test({
  name: "hosts: wasmtime in Python gives the same logits and ids, without JavaScript",
  ignore: missing("python3"),
  fn: async (t) => {
    using packages = scratchFolder();
    const env = await installWasmtime(packages.path);
    await t.step("README", async () => {
      // What it installs is there already.
      const pip = { PIP_TARGET: packages.path, PIP_DISABLE_PIP_VERSION_CHECK: "1" };
      await followReadme("Python", { ...env, ...pip });
      await Deno.remove(new URL("../../examples/hosts/pixels.bin", import.meta.url));
    });
    const example = pythonExample(env);
    await tryExamples(t, example);
    await t.step("pixels.py makes the pixels, and refuses what is no whole PNG", async () => {
      const picture = new URL("../../examples/fashion/000-ankle-boot.png", import.meta.url);
      const png = await Deno.readFile(picture);
      const [source, output] = [`${packages.path}/a.png`, `${packages.path}/pixels.bin`];
      await example("pixels", fileURLToPath(picture), output);
      assert.deepEqual(await Deno.readFile(output), pixels());
      const damaged = png.slice();
      damaged.fill(0x55, 60, 80);
      for (const bytes of [png.subarray(0, -60), damaged, png.subarray(0, 20), pixels()]) {
        await Deno.writeFile(source, bytes);
        await assert.rejects(example("pixels", source, output), /PNG/);
      }
    });
    await t.step("classify with relaxed SIMD", async () => {
      assert.match(await classifyRelaxed(example), await expectedLogits());
      const output = await capture("python3", ["-c", DOT, RELAXED], { env });
      const [status, form] = output.trim().split(" ").map(Number);
      assert.equal(status, 0);
      const dot = ["none", "seven", "signed", "unsigned"][form];
      assert.ok(form > 0 && dot !== undefined, output);
      console.log(`wasmtime: dot ${dot}`);
    });
  },
});
