import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { capture, hashOn, missing, MODEL, pixels, scratchFolder } from "./_picture.ts";

Deno.test({
  name: "hosts: wazero in Go gives the same logits, without JavaScript",
  ignore: missing("go"),
  fn: async () => {
    using folder = scratchFolder();
    await Deno.writeFile(`${folder.path}/pixels.bin`, pixels());
    const output = await capture("go", [
      "run",
      ".",
      fileURLToPath(new URL("../../wasm/fewbit.simd.wasm", import.meta.url)),
      fileURLToPath(MODEL),
      `${folder.path}/pixels.bin`,
    ], { cwd: fileURLToPath(new URL("../../examples/hosts", import.meta.url)) });
    assert.match(output, new RegExp(`logits_f32_sha256 ${await hashOn("wasm-simd")}`));
  },
});
