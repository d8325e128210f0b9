import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { capture, hashOn, missing, MODEL, pixels, scratchFolder } from "./_picture.ts";
import { ternaryHash, ternaryModel } from "./_ternary.ts";

Deno.test({
  name: "hosts: wazero in Go gives the same logits, without JavaScript",
  ignore: missing("go"),
  fn: async () => {
    using folder = scratchFolder();
    const classify = (model: string, input: string): Promise<string> =>
      capture("go", [
        "run",
        ".",
        fileURLToPath(new URL("../../wasm/fewbit.simd.wasm", import.meta.url)),
        model,
        input,
      ], { cwd: fileURLToPath(new URL("../../examples/hosts", import.meta.url)) });
    await Deno.writeFile(`${folder.path}/pixels.bin`, pixels());
    const output = await classify(fileURLToPath(MODEL), `${folder.path}/pixels.bin`);
    assert.match(output, new RegExp(`logits_f32_sha256 ${await hashOn("wasm-simd")}`));

    const ternary = await ternaryModel();
    await Deno.writeFile(`${folder.path}/ternary.fewbit`, ternary.file);
    await Deno.writeFile(`${folder.path}/ternary.bin`, ternary.pixels);
    const other = await classify(`${folder.path}/ternary.fewbit`, `${folder.path}/ternary.bin`);
    assert.match(other, new RegExp(`logits_f32_sha256 ${await ternaryHash(ternary)}`));
  },
});
