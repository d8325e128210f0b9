import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { capture, hashOn, missing, MODEL, pixels, scratchFolder } from "./_picture.ts";
import { ternaryHash, ternaryModel } from "./_ternary.ts";

const WASMTIME = "wasmtime==50.0.1";

Deno.test({
  name: "hosts: wasmtime in Python gives the same logits, without JavaScript",
  ignore: missing("python3"),
  fn: async () => {
    using folder = scratchFolder();
    const packages = `${folder.path}/packages`;
    await capture("python3", ["-m", "pip", "install", "-q", "--target", packages, WASMTIME]);
    const classify = (model: string, input: string): Promise<string> =>
      capture("python3", [
        fileURLToPath(new URL("../../examples/hosts/classify.py", import.meta.url)),
        fileURLToPath(new URL("../../wasm/fewbit.simd.wasm", import.meta.url)),
        model,
        input,
      ], { env: { PYTHONPATH: packages } });
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
