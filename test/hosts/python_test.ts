import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { capture, hashOn, missing, MODEL, pixels, scratchFolder } from "./_picture.ts";

const WASMTIME = "wasmtime==50.0.1";

Deno.test({
  name: "hosts: wasmtime in Python gives the same logits, without JavaScript",
  ignore: missing("python3"),
  fn: async () => {
    using folder = scratchFolder();
    const packages = `${folder.path}/packages`;
    await capture("python3", ["-m", "pip", "install", "-q", "--target", packages, WASMTIME]);
    await Deno.writeFile(`${folder.path}/pixels.bin`, pixels());
    const output = await capture("python3", [
      fileURLToPath(new URL("../../examples/hosts/classify.py", import.meta.url)),
      fileURLToPath(new URL("../../wasm/fewbit.simd.wasm", import.meta.url)),
      fileURLToPath(MODEL),
      `${folder.path}/pixels.bin`,
    ], { env: { PYTHONPATH: packages } });
    assert.match(output, new RegExp(`logits_f32_sha256 ${await hashOn("wasm-simd")}`));
  },
});
